"""The load test's report as a page: what it shows, that it lets nothing in, and that nothing breaks out."""

import base64
import copy
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from realtime.loadtest.page import document, draw, markup, sources
from tests.support.loadtest_sample import block, interrupted, sample

PAGE = Path(document.__file__).parent
TOKENS = PAGE.parents[2] / "frontend" / "static" / "frontend" / "css" / "tokens.css"
HOSTILE = """</script></style></title><script>alert(1)</script><img src=x onerror=alert(1)>"'--><b style=x>$style"""


class Page(HTMLParser):
    """A page taken apart: elements in order, text of scripts and styles, all text there is to read."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.words = ""
        self._in = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in = tag
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in in self.texts:
            self.texts[self._in][-1] += data
        else:
            self.words += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    def by_id(self, identity: str) -> dict[str, str | None]:
        return next(attributes for _, attributes in self.elements if attributes.get("id") == identity)

    def replay(self) -> Any:
        return json.loads(self.texts["script"][0])


def spoilt(value: Any) -> Any:
    """The document with every string and every name in it hostile, but those of the fields themselves."""
    if isinstance(value, dict):
        return {key: spoilt(part) for key, part in value.items()}
    if isinstance(value, list):
        return [spoilt(part) for part in value]
    return HOSTILE if isinstance(value, str) else value


def hostile_page() -> Page:
    result = spoilt(sample(clicks=60, seconds=3, verdict="breached"))
    result["outcomes"][HOSTILE] = 3
    return Page(draw(result))


def broken_out(page: Page) -> list[str]:
    """What would not be there if every string were only text."""
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    found = [tag for tag, _ in page.elements if tag in ("img", "b") and page.count(tag) > figures(page, tag)]
    if scripts != [{"type": "application/json", "id": "replay-data"}, {"type": "module"}]:
        found.append("script")
    found += [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    return found


def figures(page: Page, tag: str) -> int:
    """How many of these elements the page has by itself."""
    return sum(name == tag and "style" not in attributes for name, attributes in page.elements) if tag == "b" else 0


class TestStringsOfTheServer:
    def test_stay_text_wherever_they_stand(self) -> None:
        page = hostile_page()

        assert broken_out(page) == []
        assert page.words.count(HOSTILE) > 40
        assert page.replay()["seats"][0][0] == HOSTILE

    @pytest.mark.parametrize("guard", ["escaped", "json_for_script"])
    def test_would_break_out_without_the_guard(self, guard: str, monkeypatch: pytest.MonkeyPatch) -> None:
        if guard == "escaped":
            monkeypatch.setattr(html, "escape", lambda text: text)
        else:
            monkeypatch.setattr(document, "json_for_script", lambda value: markup.Html(json.dumps(value)))

        assert broken_out(hostile_page()) != []

    def test_can_be_written_whatever_they_hold(self) -> None:
        result = sample(clicks=20, seconds=2)
        result["errors"][0]["detail"] = "half \ud83d a face, \x00 and \x1b[31m\u202e"
        result["replay"]["seats"][0]["label"] = "\udc00\u2028"

        page = draw(result)

        assert "half � a face, ␀ and ␛[31m" in page
        page.encode("utf-8")
        assert Page(page).replay()["seats"][0][0] == "�\u2028"


def fetched(page: Page) -> list[str]:
    """Everything a browser would go and get."""
    fetching = ("src", "srcset", "href", "data", "poster", "action", "background", "xlink:href")
    found = [
        value or ""
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in fetching and not (value or "").startswith(("#", "data:"))
    ]
    styles = "".join(page.texts["style"])
    found += [url for url in re.findall(r"url\(\s*[\"']?([^\"')]*)", styles) if not url.startswith("data:")]
    return found + re.findall(r"@import[^;]*", styles)


class TestThePage:
    def test_fetches_nothing(self) -> None:
        page = Page(draw(sample(verdict="breached")))

        assert fetched(page) == []
        assert not re.search(
            r"\b(fetch|import|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b", page.texts["script"][1]
        )

    def test_would_be_seen_fetching(self) -> None:
        page = draw(sample()).replace("</main>", '<img src="https://example.org/x.png"></main>')
        page = page.replace("<style>", '<style>@import "x.css"; a { background: url(x.png) }')

        assert len(fetched(Page(page))) == 3

    def test_has_a_policy_that_lets_in_its_own_style_and_script_only(self) -> None:
        page = Page(draw(sample()))

        policy = next(attributes["content"] for _, attributes in page.elements if "http-equiv" in attributes) or ""
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        style, script = "".join(page.texts["style"]), page.texts["script"][1]
        assert rules["default-src"] == "'none'"
        assert rules["style-src"] == f"'sha256-{digest(style)}'"
        assert rules["script-src"] == f"'sha256-{digest(script)}'"
        assert rules["img-src"] == "data:"
        assert page.count("style") == 1
        assert [attributes for _, attributes in page.elements if "style" in attributes] == []

    def test_wears_the_colours_of_the_house(self) -> None:
        ours, theirs = (tokens(path.read_text()) for path in (PAGE / "css" / "tokens.css", TOKENS))

        assert len(ours[0]) > 20
        for mine, house in zip(ours, theirs, strict=True):
            assert {name: value for name, value in mine.items() if house.get(name) != value} == {}

    def test_uses_every_file_beside_it(self) -> None:
        assert {path.stem for path in PAGE.glob("js/*.js")} == set(sources.MODULES)
        assert {path.stem for path in PAGE.glob("css/*.css")} == set(sources.STYLES)

    def test_has_each_module_after_those_it_imports(self) -> None:
        for at, name in enumerate(sources.MODULES):
            imported = re.findall(r'from "\./(\w+)\.js"', sources.source(f"js/{name}.js"))
            assert set(imported) <= set(sources.MODULES[:at]), name
        assert not re.search(r"^(import|export)\b", sources.script(), re.MULTILINE)

    def test_names_every_drawing_and_describes_it(self) -> None:
        page = Page(draw(sample()))

        drawings = [
            attributes for tag, attributes in page.elements if tag == "svg" and attributes.get("role") == "img"
        ]
        named = [attributes for attributes in drawings if "aria-labelledby" in attributes]
        assert len(named) == 7
        for attributes in named:
            assert page.by_id(attributes["aria-labelledby"] or "") is not None
            assert page.by_id(attributes["aria-describedby"] or "") is not None
        assert "hold p99: between" in page.words


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def tokens(css: str) -> list[dict[str, str]]:
    """Colours by name, of the light scheme and of the dark one."""
    return [
        dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})\b", part))
        for part in css.split("@media (prefers-color-scheme: dark)")
    ]


def places(value: Any, *way: str | int) -> Iterator[tuple[str | int, ...]]:
    """Every way into a document; of lists only to the first and the last item."""
    yield way
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], *way, key)
    elif isinstance(value, list):
        for at in sorted({0, len(value) - 1} if value else set()):
            yield from places(value[at], *way, at)


def changed(result: dict[str, Any], way: tuple[str | int, ...], change: Callable[[Any, str | int], None]) -> Any:
    whole = copy.deepcopy(result)
    part: Any = whole
    for step in way[:-1]:
        part = part[step]
    change(part, way[-1])
    return whole


class TestADocumentWithHoles:
    SMALL = sample(clicks=30, seconds=3, seats=block(2, 4), verdict="breached")

    @pytest.mark.parametrize("nothing", [{}, {"about": None, "replay": [], "series": 7, "latency": "x"}])
    def test_is_drawn_when_there_is_hardly_anything_in_it(self, nothing: dict[str, Any]) -> None:
        page = Page(draw(nothing))

        assert page.count("section") == 7
        assert "No replay was recorded." in page.words
        assert "Nothing was measured." in page.words

    def test_is_drawn_when_the_run_was_interrupted_at_once(self) -> None:
        page = Page(draw(interrupted()))

        assert "The run was interrupted, so nothing is promised." in page.words
        assert "No replay was recorded." in page.words
        assert "not known" in page.words
        assert "None." in page.words

    @pytest.mark.parametrize("value", [None, "strange", -1, 1e300, float("nan"), [], [[]]], ids=repr)
    def test_is_drawn_whatever_stands_anywhere(self, value: Any) -> None:
        for way in list(places(self.SMALL))[1:]:

            def put(part: Any, key: str | int) -> None:
                part[key] = value

            assert "</html>" in draw(changed(self.SMALL, way, put)), way

    def test_is_drawn_whatever_is_missing(self) -> None:
        for way in list(places(self.SMALL))[1:]:

            def remove(part: Any, key: str | int) -> None:
                del part[key]

            assert "</html>" in draw(changed(self.SMALL, way, remove)), way


def evidence_of(page: Page) -> list[str]:
    return [tag for tag, attributes in page.elements if attributes.get("class") == "breach"]


def verdict_of(page: Page) -> str | None:
    return page.by_id("verdict")["data-verdict"]


class TestTheVerdict:
    def test_comes_first(self) -> None:
        page = Page(draw(sample()))

        assert next(attributes for tag, attributes in page.elements if tag == "section")["id"] == "verdict"

    def test_says_passed_and_what_was_not_examined(self) -> None:
        page = Page(draw(sample()))

        assert verdict_of(page) == "passed"
        assert "Nothing broke: 6 of 7 checks examined" in page.words
        assert "The rest had nothing to examine in this run." in page.words
        assert evidence_of(page) == []

    def test_shows_the_evidence_of_each_breach(self) -> None:
        result = sample(verdict="breached")

        page = Page(draw(result))

        assert verdict_of(page) == "breached"
        assert evidence_of(page) == ["details"] * 3
        assert "2 promises were broken, 6 times" in page.words
        assert "3 more like these were left out" in page.words
        evidence = result["checks"][0]["breaches"][0]
        assert evidence["summary"] in page.words
        assert all(frame in page.words for frame in evidence["frames"])
        assert "13:30:23.600 UTC, 0:18.600 into the run" in page.words
        assert "18600" in [attributes.get("data-seek") for _, attributes in page.elements]

    def test_leads_nowhere_from_a_breach_that_no_single_moment_shows(self) -> None:
        result = sample(verdict="breached")
        for check in result["checks"]:
            for breach in check["breaches"]:
                breach["at_ms"] = 0

        page = Page(draw(result))

        assert "at no single moment" in page.words
        assert [attributes for _, attributes in page.elements if "data-seek" in attributes] == []

    def test_counts_from_the_start_of_the_run_where_nobody_says_when_all_began(self) -> None:
        result = sample(verdict="breached")
        del result["replay"]["began_ms"]

        assert "13:30:23.600 UTC, 0:22.600 into the run" in Page(draw(result)).words

    def test_promises_nothing_of_a_run_that_was_not_finished(self) -> None:
        page = Page(draw(sample(verdict="incomplete")))

        assert verdict_of(page) == "incomplete"
        assert "Nothing broke" not in page.words

    def test_does_not_boast_of_a_run_in_which_nothing_was_examined(self) -> None:
        assert "Nothing broke, but nothing was examined either." in draw(sample(clicks=20) | {"checks": []})

    @pytest.mark.parametrize("verdict", [None, "splendid", 7])
    def test_is_not_passed_when_it_is_not_known(self, verdict: Any) -> None:
        assert verdict_of(Page(draw(sample(clicks=20) | {"verdict": verdict}))) == "incomplete"


class TestTheNumbers:
    def test_are_those_of_the_document(self) -> None:
        result = sample(seed=20251122)
        result["outcomes"]["granted"] = 1_234_567
        result["latency"][0] |= {"p50_ms": 0.8449, "p999_ms": 1840.26}

        words = Page(draw(result)).words

        assert "20251122" in words
        assert "1,234,567" in words
        assert "0.84" in words
        assert "1,840" in words
        assert "412,800" in words
        assert "83%" in words
        assert result["about"]["replay_with"] in words
        for error in result["errors"]:
            assert error["code"] in words
            assert error["detail"] in words
        for finding in result["findings"]:
            assert finding["title"] in words

    def test_come_with_a_warning_when_the_generator_was_the_limit(self) -> None:
        result = sample(clicks=20)
        idle = Page(draw(result)).words
        result["ceiling"]["used_share"] = 0.93

        busy = Page(draw(result)).words

        assert "so what was measured is the server" in idle
        assert "at 93% of its own limit: these numbers say as much about it" in busy
