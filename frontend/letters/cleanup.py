"""What clean-up may remove of letters: those about shows long past, with the addresses they went to."""

from bookings.api import RetentionRule, days_kept, retention_rule, sql_file


def register() -> None:
    """Let letters go when the names of their buyers do."""
    retention_rule(
        RetentionRule(
            "letters",
            "letters about past shows",
            days_kept("RETENTION_GUEST_DATA_DAYS"),
            lambda: sql_file("frontend", "cleanup_letters"),
        )
    )
