"""What the documented test cards and UPI ids do, and how each failure is told to the merchant. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from payments.emulator.errors import BAD_REQUEST, GATEWAY_ERROR

SUCCESS_VPA: Final = "success@razorpay"
FAILURE_VPA: Final = "failure@razorpay"
BANKS: Final[Mapping[str, str]] = {
    "HDFC": "HDFC Bank",
    "ICIC": "ICICI Bank",
    "SBIN": "State Bank of India",
    "UTIB": "Axis Bank",
    "KKBK": "Kotak Mahindra Bank",
}
NETWORKS: Final = (("4", "Visa"), ("5", "MasterCard"), ("6", "RuPay"))

# Any CVV, any future date. An OTP of four to ten digits is right, a shorter one is wrong.
GOOD_CARDS: Final[Mapping[str, str]] = {
    "4100280000001007": "Visa",
    "5500670000001002": "MasterCard",
    "6527658900001005": "RuPay",
}
# These fail after the OTP whatever it is.
BAD_CARDS: Final[Mapping[str, str]] = {
    "4100280000090000": "payment_timed_out",
    "4100280000080001": "insufficient_funds",
    "4100280000070002": "payment_cancelled",
    "4100280000060003": "card_declined",
    "4100280000020007": "gateway_technical_error",
    "4100280000000009": "authentication_failed",
}
# As the modal offers them.
TEST_CARDS: Final[Sequence[Mapping[str, str]]] = [
    *({"number": number, "label": f"{network}, succeeds"} for number, network in GOOD_CARDS.items()),
    *({"number": number, "label": reason.replace("_", " ")} for number, reason in BAD_CARDS.items()),
]
OTP_DIGITS_MIN: Final = 4
OTP_DIGITS_MAX: Final = 10


def _error(description: str, source: str, step: str, reason: str, code: str = BAD_REQUEST) -> Mapping[str, str]:
    return {"code": code, "description": description, "source": source, "step": step, "reason": reason}


NO_ANSWER: Final = _error(
    "Payment was unsuccessful as you could not complete it in time.",
    "customer",
    "payment_authentication",
    "payment_timed_out",
)
FAILURES: Final[Mapping[str, Mapping[str, str]]] = {
    "payment_timed_out": NO_ANSWER,
    "insufficient_funds": _error(
        "Your payment could not be completed due to insufficient account balance. Try again with another card or"
        " account.",
        "customer",
        "payment_authorization",
        "insufficient_funds",
    ),
    "payment_cancelled": _error(
        "You may have cancelled the payment or there was a delay in response from the bank.",
        "customer",
        "payment_authentication",
        "payment_cancelled",
    ),
    "card_declined": _error(
        "Your payment was declined by the bank. Try again with another payment method.",
        "issuer",
        "payment_authorization",
        "card_declined",
    ),
    "gateway_technical_error": _error(
        "Your payment could not be completed due to a temporary technical issue. Try again later.",
        "gateway",
        "payment_authorization",
        "gateway_technical_error",
        GATEWAY_ERROR,
    ),
    "authentication_failed": _error(
        "Your payment could not be completed because the bank could not authenticate you.",
        "customer",
        "payment_authentication",
        "authentication_failed",
        GATEWAY_ERROR,
    ),
    "invalid_otp": _error(
        "Authentication failed due to incorrect otp", "customer", "payment_authentication", "invalid_otp"
    ),
    "payment_declined": _error(
        "Your payment was declined in your UPI app.", "customer", "payment_authorization", "payment_declined"
    ),
    "payment_failed": _error("Payment failed", "bank", "payment_authorization", "payment_failed"),
}


def failure(reason: str) -> Mapping[str, str]:
    """How a failure for this reason is told; unknown reasons are told as they are."""
    return FAILURES.get(reason) or {**FAILURES["payment_failed"], "reason": reason}


def card_verdict(fails: str | None, otp: str) -> tuple[str, str]:
    """The bank's verdict and its reason once the OTP was entered, for a card that `fails` so (None: a good one)."""
    if fails is not None:
        return "fail", fails
    if not (otp.isdecimal() and OTP_DIGITS_MIN <= len(otp) <= OTP_DIGITS_MAX):
        return "fail", "invalid_otp"
    return "success", ""


def upi_verdict(vpa: str) -> tuple[str, str] | None:
    """What this UPI id answers by itself; None: it waits for the phone."""
    return {SUCCESS_VPA: ("success", ""), FAILURE_VPA: ("fail", "payment_failed")}.get(vpa.lower())


def network_of(number: str) -> str | None:
    """The card's network, None where these test cards have none."""
    return next((name for first, name in NETWORKS if number.startswith(first)), None)


def card_detail(number: str, name: str) -> dict[str, Any]:
    """What is kept of a card: never its number."""
    return {"last4": number[-4:], "network": network_of(number) or "Unknown", "name": name, "iin": number[:6]}
