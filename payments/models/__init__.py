"""Tables of money. The hot path writes them with SQL of its own (payments/sql); nothing here is ever deleted."""

from payments.models.ledger import AuditEntry, LedgerEntry
from payments.models.payments import Order, Payment, Refund, WebhookEvent
from payments.models.policy import RefundPolicy

__all__ = ["AuditEntry", "LedgerEntry", "Order", "Payment", "Refund", "RefundPolicy", "WebhookEvent"]
