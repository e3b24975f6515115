"""The load test's report in a real browser, opened as the file it is: the replay shows what was recorded."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from realtime.loadtest.page import draw
from tests.e2e.test_accessibility import (
    CUT,
    WIDTHS,
    assert_every_control_is_named,
    assert_one_heading_is_above_all_others,
    assert_readable_in_both_schemes,
    window,
)
from tests.support.loadtest_sample import block, interrupted, sample, states_at, version_at, with_a_storm

pytestmark = pytest.mark.e2e

# What the seats show, in the order of the document, and what the figures above them say.
SHOWN = """() => {
  const seats = [...document.querySelectorAll("#map button.seat")].sort((a, b) => a.dataset.i - b.dataset.i);
  const count = (letter) => Number(document.querySelector(`[data-count="${letter}"]`).textContent.replace(/,/g, ""));
  return { states: seats.map((seat) => seat.dataset.state).join(""), counts: [..."AHBX"].map(count),
    version: document.getElementById("version").textContent, now: document.getElementById("now").textContent };
}"""


class Report:
    """A report's page and the document it was drawn from."""

    def __init__(self, page: Page, result: dict[str, Any], complaints: list[str]) -> None:
        self.page = page
        self.result = result
        self.complaints = complaints
        self.scrubber = page.get_by_role("slider", name="Time in the run")

    def scrub_to(self, ms: int) -> None:
        self.scrubber.fill(str(ms))

    def now_ms(self) -> float:
        return float(self.scrubber.input_value())

    def assert_shows(self, ms: int) -> None:
        """Seats, counts, version and time are those of this moment, as Python computes them from the changes."""
        shown = self.page.evaluate(SHOWN)
        states = states_at(self.result, ms)
        assert shown["states"] == states
        assert shown["counts"] == [states.count(letter) for letter in "AHBX"]
        assert shown["version"] == str(version_at(self.result, ms) or "–")
        assert shown["now"] == f"{ms // 60_000}:{ms // 1000 % 60:02}.{ms % 1000:03}"

    def seat(self, label: str) -> Any:
        index = next(at for at, seat in enumerate(self.result["replay"]["seats"]) if seat["label"] == label)
        return self.page.locator(f'#map [data-i="{index}"]')


Open = Callable[..., Report]


@pytest.fixture
def open_report(visitor: Callable[..., Page], tmp_path: Path) -> Iterator[Open]:
    """Call it with a document for its page in a browser. What it complains of or fetches fails the test."""
    complaints: list[str] = []

    def come(result: dict[str, Any], *, guard_off: Callable[[str], str] = str, **options: Any) -> Report:
        path = tmp_path / "report.html"
        path.write_text(guard_off(draw(result)), encoding="utf-8")
        page = visitor(**options)

        def hear(message: ConsoleMessage) -> None:
            complaints.append(message.text)

        def see(request: Request) -> None:
            if request.url != path.as_uri():
                complaints.append(request.url)

        page.on("console", hear)
        page.on("request", see)
        page.goto(path.as_uri())
        return Report(page, result, complaints)

    yield come
    assert complaints == []


class TestTheReplay:
    def test_shows_any_moment_exactly(self, open_report: Open) -> None:
        report = open_report(sample())

        report.assert_shows(0)
        moments = [change[0] for change in report.result["replay"]["changes"]]
        for ms in (moments[9], moments[9] - 1, 59_999, 12_345, moments[200], moments[200] - 1, moments[-1], 0):
            report.scrub_to(ms)
            report.assert_shows(ms)

    def test_shows_any_moment_of_a_thousand_seats_and_a_hundred_thousand_changes(self, open_report: Open) -> None:
        report = open_report(with_a_storm(sample(seats=block(25, 40), clicks=20), 100_000))

        for ms in (60_000, 1, 30_000, 29_999, 59_000, 417, 44_444):
            report.scrub_to(ms)
            report.assert_shows(ms)

    def test_would_be_seen_showing_the_moment_before(self, open_report: Open) -> None:
        def too_late(page: str) -> str:
            return without_policy(page).replace("this.#times[middle] <= ms", "this.#times[middle] < ms")

        report = open_report(sample(), guard_off=too_late)
        moment = report.result["replay"]["changes"][200][0]
        report.scrub_to(moment)

        with pytest.raises(AssertionError):
            report.assert_shows(moment)

    def test_plays_to_the_end_and_begins_again(self, open_report: Open) -> None:
        report = open_report(sample(seconds=12))
        report.page.get_by_label("Speed").select_option("60")
        report.page.get_by_role("button", name="Play").click()

        expect(report.page.locator("#now")).to_have_text("0:12.000")
        expect(report.page.get_by_role("button", name="Play")).to_be_visible()
        report.assert_shows(12_000)

        report.page.get_by_label("Speed").select_option("0.1")
        report.page.get_by_role("button", name="Play").click()
        report.page.get_by_role("button", name="Pause").click()
        assert report.now_ms() < 12_000

    def test_goes_from_change_to_change(self, open_report: Open) -> None:
        report = open_report(sample())
        moments = sorted({change[0] for change in report.result["replay"]["changes"]})
        after, before = (report.page.get_by_role("button", name=f"Change {name}") for name in ("after", "before"))

        report.scrub_to(moments[4])
        after.click()
        report.assert_shows(moments[5])
        before.click()
        before.click()
        report.assert_shows(moments[3])

    def test_tells_what_happened_to_a_seat(self, open_report: Open) -> None:
        report = open_report(sample())
        index = next(iter(report.result["replay"]["changes"][150][2]))[0]
        label = report.result["replay"]["seats"][index]["label"]
        happened = [
            change[0] for change in report.result["replay"]["changes"] if index in [at for at, _ in change[2]]
        ]
        report.scrub_to(happened[0])

        report.seat(label).click()

        panel = report.page.get_by_role("complementary", name="Chosen seat")
        expect(panel.get_by_role("heading")).to_have_text(label)
        expect(panel.locator("[aria-current=time]")).to_contain_text("held")
        panel.get_by_role("button").first.click()
        report.assert_shows(0)

    def test_opens_at_the_moment_of_a_breach(self, open_report: Open) -> None:
        report = open_report(sample(verdict="breached"), reduced_motion="reduce")
        report.page.get_by_text("F7 was held by c12 and c90 at once").first.click()

        report.page.get_by_role("button", name="Show this moment in the replay").first.click()

        report.assert_shows(18_600)
        expect(report.scrubber).to_be_focused()
        expect(report.scrubber).to_be_in_viewport()
        assert report.page.locator(".breach-mark").count() == 3


class TestTheKeyboard:
    def test_moves_time_on_the_timeline(self, open_report: Open) -> None:
        report = open_report(sample())
        report.scrub_to(20_000)
        report.scrubber.focus()

        walked = []
        for key in ("ArrowRight", "ArrowLeft", "Shift+ArrowRight", "PageUp", "PageDown", "Home", "End"):
            report.page.keyboard.press(key)
            walked.append(report.now_ms())

        assert walked == [21_000, 20_000, 20_100, 30_100, 20_100, 0, 60_000]
        report.assert_shows(60_000)
        assert report.scrubber.get_attribute("aria-valuetext") == in_words(report.result, 60_000)

    def test_plays_pauses_and_steps(self, open_report: Open) -> None:
        report = open_report(sample())
        moments = sorted({change[0] for change in report.result["replay"]["changes"]} - {0})
        report.scrubber.focus()

        report.page.keyboard.press(".")
        report.assert_shows(moments[0])
        report.page.keyboard.press(".")
        report.assert_shows(moments[1])
        report.page.keyboard.press(",")
        report.assert_shows(moments[0])
        report.page.keyboard.press("Space")
        expect(report.page.get_by_role("button", name="Pause")).to_be_visible()
        report.page.keyboard.press("Space")
        expect(report.page.get_by_role("button", name="Play")).to_be_visible()

    def test_walks_from_seat_to_seat_and_is_told_their_states(self, open_report: Open) -> None:
        report = open_report(sample())
        report.seat("F7").focus()

        for key, label in (("ArrowRight", "F8"), ("ArrowDown", "G8"), ("Home", "G1"), ("ArrowUp", "F1")):
            report.page.keyboard.press(key)
            expect(report.seat(label)).to_be_focused()

        words = {"A": "available", "H": "held", "B": "booked", "X": "blocked"}
        index = int(report.seat("F1").get_attribute("data-i"))
        expect(report.seat("F1")).to_have_accessible_name(f"F1, {words[states_at(report.result, 0)[index]]}")
        assert report.page.locator("#map [tabindex='0']").count() == 1


def in_words(result: dict[str, Any], ms: int) -> str:
    """What somebody hears of a moment."""
    states = states_at(result, ms)
    words = {"A": "available", "H": "held", "B": "booked", "X": "blocked"}
    parts = [f"{states.count(letter)} {word}" for letter, word in words.items() if letter in states]
    return ", ".join([f"{ms // 60_000}:{ms // 1000 % 60:02}.{ms % 1000:03}", *parts])


class TestLessMotion:
    def test_lets_nothing_fade_or_pulse(self, open_report: Open) -> None:
        assert faded(open_report(sample(seconds=12), reduced_motion="reduce")) == []

    def test_fades_for_everybody_else(self, open_report: Open) -> None:
        assert faded(open_report(sample(seconds=12))) != []


def faded(report: Report) -> list[str]:
    """What moved while the whole replay was played."""
    report.page.evaluate(
        """() => { window.moved = [];
          for (const kind of ["animationstart", "transitionrun"])
            addEventListener(kind, (event) => moved.push(event.target.outerHTML), true); }"""
    )
    report.page.get_by_label("Speed").select_option("10")
    report.page.get_by_role("button", name="Play").click()
    expect(report.page.locator("#now")).to_have_text("0:12.000")
    moved: list[str] = report.page.evaluate("moved")
    return moved


class TestThePage:
    @pytest.mark.parametrize("verdict", ["passed", "breached", "incomplete", "interrupted"])
    def test_can_be_read_by_everybody_in_every_window(self, open_report: Open, verdict: str) -> None:
        result = interrupted() if verdict == "interrupted" else sample(verdict=verdict)
        page = open_report(result, reduced_motion="reduce", viewport=window(WIDTHS[0])).page

        for width in WIDTHS:
            page.set_viewport_size(window(width))
            assert_readable_in_both_schemes(page)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.locator("a, button:not(.seat), h1, h2, h3").evaluate_all(CUT) == []
        assert_every_control_is_named(page, controls_min=9)
        assert_one_heading_is_above_all_others(page, among="h1, h2, h3")

    def test_runs_nothing_that_a_server_said(self, open_report: Open) -> None:
        report = open_report(said("<script>document.title = 'broken out'</script>"))

        assert report.page.title().startswith("passed: opening-night")
        assert report.page.locator("main script").count() == 0

    def test_keeps_out_by_its_policy_what_escaping_would_have_let_in(self, open_report: Open) -> None:
        mark = "<script>document.title = 'broken out'</script>"

        def unescape(page: str) -> str:
            return page.replace("SAID", mark)

        report = open_report(said("SAID"), guard_off=unescape)

        assert report.page.title().startswith("passed: opening-night")
        assert "violates the following Content Security Policy" in heard(report)

    def test_would_be_seen_running_it(self, open_report: Open) -> None:
        mark = "<script>document.title = 'broken out'</script>"

        def unescape(page: str) -> str:
            return without_policy(page.replace("SAID", mark))

        assert open_report(said("SAID"), guard_off=unescape).page.title() == "broken out"

    def test_would_be_seen_fetching(self, open_report: Open) -> None:
        def fetch(page: str) -> str:
            return without_policy(page).replace("<main>", '<main><img src="other.png" alt="">')

        report = open_report(sample(clicks=20), guard_off=fetch)
        report.page.wait_for_load_state()

        assert "other.png" in heard(report)

    def test_copies_the_command(self, open_report: Open) -> None:
        report = open_report(sample())
        report.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

        report.page.get_by_role("button", name="Copy").click()

        expect(report.page.get_by_role("status")).to_have_text("The command is copied.")
        command = report.result["about"]["replay_with"]
        assert report.page.evaluate("navigator.clipboard.readText()") == command

    def test_reads_its_charts_where_the_pointer_is(self, open_report: Open) -> None:
        report = open_report(sample())
        plot = report.page.locator(".plot[data-reads]").first
        plot.scroll_into_view_if_needed()
        box = plot.locator("svg").first.bounding_box()
        assert box is not None

        report.page.mouse.move(box["x"] + box["width"] * 23 / 59, box["y"] + box["height"] / 2)

        row = report.result["series"]["rows"][23]
        expect(plot.locator(".needle")).to_contain_text("0:23")
        legend = report.page.locator("#over-time .legend").first
        expect(legend.locator("[data-column=hold_p99_ms]")).to_have_text(f"{row['hold_p99_ms']:.0f}")


def said(words: str) -> dict[str, Any]:
    """A run of which the server said this as the detail of an error."""
    result = sample(clicks=40)
    result["errors"][0]["detail"] = words
    return result


def without_policy(page: str) -> str:
    start, _, rest = page.partition('<meta http-equiv="Content-Security-Policy"')
    return start + rest.partition(">")[2]


def heard(report: Report) -> str:
    """What the browser complained of, which is then forgiven."""
    complaints = "\n".join(report.complaints)
    report.complaints.clear()
    return complaints
