"""The keys of the emulated Razorpay in tests. Apart from razorpay.py, as they are needed before Django is set up."""

from typing import Final

KEY_ID: Final = "rzp_test_EmulatorTests1"
KEY_SECRET: Final = "a-key-secret-of-the-tests-only"
WEBHOOK_SECRET: Final = "a-webhook-secret-of-the-tests"
PREVIOUS_WEBHOOK_SECRET: Final = "the-webhook-secret-before-it"
