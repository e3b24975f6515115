"""Shapes of requests and replies about money."""

from typing import Annotated, Any, Literal

from ninja import Field
from pydantic import ConfigDict, model_validator

from bookings.api import Currency, Paise, Reply, Request, UnixMs

BookingId = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
BookingStatus = Literal["pending", "confirmed", "expired", "cancelled"]
RefundWord = Literal["due", "pending", "refunded", "manual"]


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class _Texts(Request):
    """A request whose texts a database takes."""

    @model_validator(mode="after")
    def _has_no_null_characters(self) -> "_Texts":
        values: dict[str, Any] = self.model_dump()
        odd = [name for name, value in values.items() if isinstance(value, str) and "\x00" in value]
        if odd:
            raise ValueError(f"`{odd[0]}` has a null character.")
        return self


class CheckoutRequest(_Texts):
    """Who pays."""

    model_config = _example({"name": "Asha Rao", "email": "asha@example.com", "phone": "+91 98765 43210"})

    name: str = Field(min_length=1, max_length=100, pattern=r"\S", description="The buyer's name.")
    email: str = Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Where the ticket is sent.")
    phone: str | None = Field(None, pattern=r"^\+?[0-9][0-9 -]{7,18}$", description="For the payment's own messages.")


class CheckoutReply(Reply):
    """What a browser needs to open Razorpay's checkout."""

    key_id: str
    order_id: str
    amount_paise: Paise
    currency: Currency
    expires_ms: UnixMs
    checkout_js: str = Field(description="The script to load.")


class VerifyRequest(_Texts):
    """What Razorpay's checkout hands over after a payment."""

    model_config = _example(
        {
            "razorpay_order_id": "order_RzF1x2y3z4A5b6",
            "razorpay_payment_id": "pay_RzF7c8d9e0F1g2",
            "razorpay_signature": "9e107d9d372bb6826bd81d3542a419d69e107d9d372bb6826bd81d3542a419d6",
        }
    )

    razorpay_order_id: str = Field(max_length=64)
    razorpay_payment_id: str = Field(max_length=64)
    razorpay_signature: str = Field(max_length=256)


class StatusReply(Reply):
    """What a booking is now."""

    booking: BookingId
    status: BookingStatus


class CancelRequest(_Texts):
    """Which booking to give up, and why."""

    model_config = _example({"booking": "019aa7c1-5f3a-7c21-9d64-2b1c8e90f7aa", "reason": "user"})

    booking: str = Field(max_length=64)
    reason: Literal["refresh", "dismiss", "timer", "user"]
    expected_status: BookingStatus | None = Field(
        None, description="`pending`: a booking that was paid meanwhile is not cancelled but refused."
    )


class CancelReply(StatusReply):
    """What a booking is now, and where its money is."""

    refund: RefundWord | None


class ChangeSeatsReply(Reply):
    """The booking that has the seats now; it is not at checkout."""

    booking: BookingId
    show: int
