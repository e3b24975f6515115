"""The door to payments, for the pages."""

from payments.domain.refunds import Policy
from payments.selectors import RefundTerms, get_refund_policy, get_refund_terms, get_returned_paise

__all__ = ["Policy", "RefundTerms", "get_refund_policy", "get_refund_terms", "get_returned_paise"]
