"""The documents that are made of code are written, found stale, and up to date in this repository."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from bookings.domain.lifecycle import TRANSITIONS


class TestGenerateDocs:
    def test_finds_nothing_stale_in_the_repository(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("generate_docs", "--check")

        assert "up to date" in capsys.readouterr().out

    def test_fails_on_a_stale_document_until_it_is_written(self, tmp_path: Path) -> None:
        call_command("generate_docs", "--folder", str(tmp_path))
        (tmp_path / "openapi.json").write_text("{}")

        with pytest.raises(CommandError, match=r"openapi\.json"):
            call_command("generate_docs", "--check", "--folder", str(tmp_path))
        assert (tmp_path / "openapi.json").read_text() == "{}"

        call_command("generate_docs", "--folder", str(tmp_path))
        call_command("generate_docs", "--check", "--folder", str(tmp_path))

    def test_draws_every_move_of_a_booking(self, tmp_path: Path) -> None:
        call_command("generate_docs", "--folder", str(tmp_path))

        drawn = (tmp_path / "lifecycle.md").read_text()
        for (status, trigger), after in TRANSITIONS.items():
            assert f"{status} --> {after} : {trigger}\n" in drawn


class TestTheApiPage:
    @pytest.fixture(autouse=True)
    def _static_folder(self, settings: Settings, tmp_path: Path) -> None:
        settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.

    def test_shows_every_call_and_needs_nobody_else(self, client: Client) -> None:
        page = client.get("/api/v1/docs").content.decode()

        for call in ("create_guest", "hold_seats", "hold_best_seats", "release_seats", "get_snapshot", "get_booking"):
            assert f'id="{call}"' in page
        assert "<script" not in page
        assert [place for place in re.findall(r"""(?:src|href|action)="([^"]*)\"""", page) if "//" in place] == []
        assert not re.search(r"@import|url\((?!data:)", page)

    def test_is_beside_its_document(self, client: Client) -> None:
        document = client.get("/api/v1/openapi.json")

        assert document["Content-Type"] == "application/json"
        assert document.json()["openapi"] == "3.1.0"
