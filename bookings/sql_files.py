"""Statements kept in files of their own, beside the package that runs them."""

from functools import cache
from importlib import resources

from psycopg import sql


@cache
def sql_file(package: str, name: str) -> sql.SQL:
    """The statement of `sql/<name>.sql` in a package."""
    text = (resources.files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    # Comments stay in the file: they would only travel with every call.
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return sql.SQL("\n".join(lines))
