"""The history of every seat, which writes itself (sql/seat_history.sql) and which nothing rewrites.

Claims that were there before are told as far as their rows know: held when they were claimed, and how they ended.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"

TELL_OF_EARLIER_CLAIMS = """
INSERT INTO bookings_seatevent (show_id, seat_index, booking_id, holder, event, at, price_paise, reason)
SELECT c.show_id, c.seat_index, c.booking_id, COALESCE(b.holder, ''), told.event, told.at, c.price_paise, told.reason
FROM bookings_seatclaim AS c LEFT JOIN bookings_booking AS b ON b.id = c.booking_id CROSS JOIN LATERAL (
    VALUES (1, CASE WHEN b.id IS NULL THEN 'blocked' ELSE 'held' END, c.claimed_at, c.reason),
           (2, CASE WHEN b.confirmed_at >= c.claimed_at THEN 'confirmed' END, b.confirmed_at, ''),
           (3, CASE WHEN b.id IS NULL THEN 'unblocked' WHEN b.status = 'expired' THEN 'expired'
                    WHEN b.status = 'cancelled' AND b.cancel_reason <> 'released' THEN 'cancelled'
                    ELSE 'released' END, c.released_at,
               CASE WHEN b.status = 'cancelled' AND b.cancel_reason <> 'released' THEN b.cancel_reason ELSE '' END)
) AS told (step, event, at, reason)
WHERE told.event IS NOT NULL AND told.at IS NOT NULL
ORDER BY told.at, c.id, told.step
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0005_tickets")]

    operations = [
        migrations.CreateModel(
            name="SeatEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seat_index", models.SmallIntegerField()),
                ("booking_id", models.UUIDField(blank=True, null=True)),
                ("holder", models.CharField(blank=True, max_length=64)),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("held", "held"),
                            ("added", "added"),
                            ("reclaimed", "reclaimed"),
                            ("moved", "moved"),
                            ("checkout", "checkout"),
                            ("reopened", "reopened"),
                            ("confirmed", "confirmed"),
                            ("released", "released"),
                            ("expired", "expired"),
                            ("cancelled", "cancelled"),
                            ("undone", "undone"),
                            ("refund due", "refund due"),
                            ("refund pending", "refund pending"),
                            ("refund refunded", "refund refunded"),
                            ("refund manual", "refund manual"),
                            ("blocked", "blocked"),
                            ("unblocked", "unblocked"),
                        ],
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("price_paise", models.IntegerField(db_default=0)),
                ("reason", models.CharField(blank=True, max_length=120)),
                (
                    "show",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bookings.show",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "seat history",
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["show", "seat_index", "id"], name="seat_event_history")],
            },
        ),
        migrations.RunSQL(TELL_OF_EARLIER_CLAIMS, migrations.RunSQL.noop),
        migrations.RunSQL(
            (SQL / "seat_history.sql").read_text(encoding="utf-8"),
            (SQL / "seat_history_reverse.sql").read_text(encoding="utf-8"),
        ),
    ]
