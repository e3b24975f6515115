"""Labels of movie certificates, as the admin shows them; nothing changes in PostgreSQL."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0002_fence_sequence'),
    ]

    operations = [
        migrations.AlterField(
            model_name='movie',
            name='certificate',
            field=models.CharField(choices=[('U', 'U'), ('UA 7+', 'UA 7+'), ('UA 13+', 'UA 13+'), ('UA 16+', 'UA 16+'), ('A', 'A')], max_length=8),
        ),
    ]
