"""Which seats a booking had at its end is told by one moment, no longer by moments that are close to each other."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("bookings", "0008_staff")]

    operations = [
        # What was equal is also close: going back changes nothing.
        migrations.RunSQL((SQL / "seats_at_the_end.sql").read_text(), migrations.RunSQL.noop),
    ]
