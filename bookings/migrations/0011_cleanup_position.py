"""A run of clean-up knows how far it has come, so that the next task goes on there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0010_admission_key"),
    ]

    operations = [
        migrations.AddField(
            model_name="cleanuprun",
            name="at_rule",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="cleanuprun",
            name="at_key",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
    ]
