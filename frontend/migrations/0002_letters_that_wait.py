"""Letters that could not reach the mail server are marked, so that they go as soon as it is there again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("frontend", "0001_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="waits_for_server",
            field=models.BooleanField(db_default=False),
        ),
    ]
