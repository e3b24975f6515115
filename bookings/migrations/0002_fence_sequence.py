"""The sequence every transaction that changes claims draws its fence from."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="CREATE SEQUENCE bookings_fence AS bigint",
            reverse_sql="DROP SEQUENCE bookings_fence",
        ),
    ]
