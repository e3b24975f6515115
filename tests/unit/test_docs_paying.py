"""The guides about paying on the pages, held to the code: its calls, modules, numbers, settings and tests."""

import json
import re
from pathlib import Path

import pytest

from payments.domain.refunds import DEFAULT_POLICY

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SCRIPTS = ROOT / "frontend/static/frontend/js"
REFRESH, NEW_TAB, SCRIPTING = (
    (DOCS / name).read_text() for name in ("refresh-and-cancel.md", "new-tab.md", "javascript-api.md")
)


def code(name: str) -> str:
    """A module's text."""
    return (SCRIPTS / name).read_text()


def milliseconds(module: str, name: str) -> int:
    """The value of a constant."""
    found = re.search(rf"const {name} = ([\d_]+);", code(module))
    assert found is not None, f"{module} has no {name}"
    return int(found[1])


class TestTheScriptingGuide:
    def test_names_calls_that_exist(self) -> None:
        calls = set(re.findall(r"`(GET|POST) (/\S+?)`", SCRIPTING))
        paths = json.loads((DOCS / "openapi.json").read_text())["paths"]

        assert len(calls) == 5
        for method, path in calls:
            assert method.lower() in paths[path], path

    def test_names_every_module_of_paying(self) -> None:
        there = {str(path.relative_to(SCRIPTS)) for path in (SCRIPTS / "pay").rglob("*.js")}
        named = set(re.findall(r"`((?:pay|net|model)/[\w/]+\.js)`", SCRIPTING))

        assert there - named == set()
        assert [name for name in named if not (SCRIPTS / name).is_file()] == []

    def test_knows_how_often_the_page_looks(self) -> None:
        assert f"every {milliseconds('pay/live.js', 'LOOK_EVERY_MS') // 1000} s" in SCRIPTING

    @pytest.mark.parametrize("key", ["housefull.pay.", "housefull.buyer"])
    def test_names_what_the_browser_keeps(self, key: str) -> None:
        assert key in SCRIPTING
        assert key in code("pay/mark.js") + code("pay/buyerForm.js")


class TestTheIndex:
    def test_names_a_test_for_every_scenario(self) -> None:
        scenarios = (DOCS / "index.md").read_text().partition("## Scenarios and their tests")[2]
        rows = re.findall(r"^\| (?!scenario|-)(.+?) \| (.+?) \|$", scenarios, re.MULTILINE)

        assert len(rows) >= 9
        for scenario, tests in rows:
            named = re.findall(r"`(tests/\S+?\.py)`", tests)
            assert named, scenario
            assert [name for name in named if not (ROOT / name).is_file()] == []


class TestTheRefreshGuide:
    def test_names_tests_that_exist(self) -> None:
        named = set(re.findall(r"`(tests/\S+?)`", REFRESH + NEW_TAB + SCRIPTING))

        assert len(named) >= 6
        assert [name for name in named if not (ROOT / name).exists()] == []

    def test_names_classes_of_tests_that_exist(self) -> None:
        for file, name in re.findall(r"`(tests/\S+?\.py)` \(class `(\w+)`\)", NEW_TAB):
            assert f"class {name}" in (ROOT / file).read_text()

    def test_knows_the_seconds(self) -> None:
        assert f"minus {milliseconds('pay/model/safely.js', 'CLOSES_EARLY_MS') // 1000}," in REFRESH
        assert f"less than {milliseconds('pay/model/safely.js', 'TOO_LITTLE_MS') // 1000} seconds" in REFRESH
        assert f"After {milliseconds('pay/proof.js', 'OFFER_TO_PAY_MS') // 1000} seconds" in REFRESH

    def test_knows_the_houses_policy(self) -> None:
        assert DEFAULT_POLICY.share_percent == 50
        assert f"until {DEFAULT_POLICY.full_until_hours} hours before the show" in REFRESH
        assert f"half until {DEFAULT_POLICY.share_until_hours} hours before it" in REFRESH

    def test_names_the_reasons_that_the_call_takes(self) -> None:
        schemas = json.loads((DOCS / "openapi.json").read_text())["components"]["schemas"]

        assert set(re.findall(r"\| `(\w+)` \|", REFRESH)) >= set(
            schemas["CancelRequest"]["properties"]["reason"]["enum"]
        )
