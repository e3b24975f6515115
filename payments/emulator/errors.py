"""What Razorpay answers when it refuses, with its own texts (nearly everything is HTTP 400).

Owns the shape of an error and the texts that clients match on. When they are said is decided by the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as part
from typing import Any, Final

BAD_REQUEST: Final = "BAD_REQUEST_ERROR"
GATEWAY_ERROR: Final = "GATEWAY_ERROR"
SERVER_ERROR: Final = "SERVER_ERROR"

ALREADY_PAID: Final = (
    "Your payment has been declined as the order is already paid. Please initiate the payment with a new order."
)
AMOUNT_NOT_INTEGER: Final = "The amount must be an integer."
AMOUNT_TOO_SMALL: Final = "The amount must be at least INR 1.00"
AMOUNT_REQUIRED: Final = "The amount field is required."
CAPTURE_AMOUNT: Final = "Capture amount must be equal to the amount authorized."
CAPTURE_CURRENCY: Final = "Capture request currency must be same as payment currency."
CAPTURE_ONCE: Final = "Only payments which have been authorized and not yet captured can be captured"
CAPTURE_WITHOUT_ORDER: Final = "The payment has no order and cannot be captured."
ID_UNKNOWN: Final = "The id provided does not exist"
KEY_INVALID: Final = "The api key provided is invalid"
KEY_SAME_BUT_OTHER_BODY: Final = "Different request with the same idempotency key has already been processed."
KEY_IN_PROGRESS: Final = "Request failed because another request with the same idempotency key is in progress."
KEY_FORM: Final = "The idempotency key must be at least 10 characters of letters, digits, - and _."
LOW_BALANCE: Final = "Your account does not have enough balance to carry out the refund operation."
REFUND_ONLY_CAPTURED: Final = "The payment status should be captured for action to be taken"
REFUND_TOO_LARGE: Final = "The refund amount provided is greater than amount captured."
REFUNDED_FULLY: Final = "The payment has been fully refunded already."
AUTHENTICATION_FAILED: Final = "Authentication failed"
TOO_MANY: Final = "Request failed. Please try after sometime."
URL_UNKNOWN: Final = "The requested URL was not found on the server."


@dataclass(eq=False)
class Refused(Exception):
    """The request is answered with an error; nothing was done."""

    description: str
    status: int = 400
    code: str = BAD_REQUEST
    field: str | None = None
    source: str = "business"
    step: str = "payment_initiation"
    reason: str = "input_validation_failed"
    metadata: Mapping[str, Any] = part(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {"code": self.code, "description": self.description}
        if self.field is not None:
            error["field"] = self.field
        error |= {"source": self.source, "step": self.step, "reason": self.reason, "metadata": dict(self.metadata)}
        return {"error": error}


def not_an_id(text: str) -> Refused:
    """For an id of the wrong form."""
    return Refused(f"{text} is not a valid id")


def not_needed(names: list[str]) -> Refused:
    """For fields that Razorpay does not know."""
    return Refused(f"{', '.join(names)} is/are not required and should not be sent")


def not_authenticated(text: str, *, status: int) -> Refused:
    """For a key or a secret that is wrong; 400 or 401, which Razorpay's own pages do not agree on."""
    return Refused(text, status=status, source="NA", step="NA", reason="NA")
