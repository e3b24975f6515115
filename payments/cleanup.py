"""What clean-up may remove of payments' own, and whom it must not forget yet. Rows of money stay for ever."""

from bookings.api import RetentionRule, days_kept, retention_rule, spare_in_cleanup, sql_file


def register() -> None:
    """Add the inbox, and keep buyers whose money is open or disputed."""
    retention_rule(
        RetentionRule(
            "inbox",
            "webhooks that were taken in",
            days_kept("RETENTION_INBOX_DAYS"),
            lambda: sql_file("payments", "cleanup_inbox"),
        )
    )
    spare_in_cleanup("buyer", sql_file("payments", "open_buyers"))
