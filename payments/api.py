"""The door to payments, for the pages."""

from payments.selectors import RefundTerms, get_refund_terms, get_returned_paise

__all__ = ["RefundTerms", "get_refund_terms", "get_returned_paise"]
