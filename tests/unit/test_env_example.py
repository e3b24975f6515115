"""`.env.example` lists every environment variable the product reads, and only those."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# Of `make demo` and docker compose, which the settings never see.
OF_OTHERS = {"PORT", "MAIL_PORT", "POSTGRES_PASSWORD", "LOAD_DEMO"}


def listed() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))


def read_by_settings() -> set[str]:
    text = (PROJECT / "config" / "settings.py").read_text()
    return set(re.findall(r"\benv(?:\.\w+)?\(\s*\"([A-Z_]+)\"", text))


class TestEnvExample:
    def test_lists_what_the_settings_read(self) -> None:
        assert read_by_settings() - listed() == set()

    def test_lists_nothing_else(self) -> None:
        assert listed() - read_by_settings() - OF_OTHERS == set()

    def test_changes_nothing_when_copied_as_it_is(self) -> None:
        lines = (PROJECT / ".env.example").read_text().splitlines()

        assert [line for line in lines if line and not line.startswith("#")] == []
