from django.db import migrations

TABLES = ["payments_ledgerentry", "payments_auditentry"]

# What happened to money is never rewritten, by whatever code.
FUNCTION = """
CREATE FUNCTION payments_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION payments_append_only()"),
        *[
            migrations.RunSQL(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION payments_append_only()",
                f"DROP TRIGGER append_only ON {table}",
            )
            for table in TABLES
        ],
    ]
