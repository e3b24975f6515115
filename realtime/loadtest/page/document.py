"""The whole page: sections in order, its own styles and script inside it, and a policy that lets in nothing else."""

import base64
import hashlib
from string import Template
from typing import Any, Final

from realtime.loadtest.page.figures import dig, words
from realtime.loadtest.page.latency import draw_latency
from realtime.loadtest.page.markup import Html, element, escaped, joined, json_for_script
from realtime.loadtest.page.over_time import OverTime
from realtime.loadtest.page.replay import draw_replay, replay_of
from realtime.loadtest.page.results import draw_findings, draw_load, draw_outcomes
from realtime.loadtest.page.run import draw_head, draw_run
from realtime.loadtest.page.sources import script, source, style
from realtime.loadtest.page.verdict import draw_verdict

_SECTIONS: Final = {
    "verdict": "Verdict",
    "run": "The run",
    "outcomes": "Outcomes",
    "latency": "Latency",
    "over-time": "Over time",
    "load": "Processors",
    "findings": "Findings",
    "replay": "Replay",
}


def draw(result: dict[str, Any]) -> str:
    """The page of a load test's result (JSON document, schema 1).

    Anything in the document may be null or missing, and every string in it may be hostile.
    """
    over_time = OverTime(result)
    replay = replay_of(result)
    findings = draw_findings(result)
    main = joined(
        (
            draw_verdict(result),
            draw_run(result),
            draw_outcomes(result),
            draw_latency(result),
            over_time.draw_over_time(),
            draw_load(result, over_time),
            findings,
            draw_replay(result, replay),
        )
    )
    styles, scripts = style(), script()
    return Template(source("report.html")).substitute(
        policy=escaped(_policy(styles, scripts)),
        title=escaped(
            f"{words(dig(result, 'verdict'))}: {words(dig(result, 'about', 'scenario'))} · Housefull load test"
        ),
        style=styles,
        head=draw_head(result),
        contents=_contents(has_findings=findings is not None),
        main=main,
        replay=json_for_script(replay),
        script=scripts,
    )


def _contents(*, has_findings: bool) -> Html:
    names = [name for name in _SECTIONS if has_findings or name != "findings"]
    links = [element("li", element("a", _SECTIONS[name], href=f"#{name}")) for name in names]
    return element("nav", element("ul", links), aria_label="Contents", class_="contents")


def _policy(styles: str, scripts: str) -> str:
    """Nothing from anywhere, and of what stands in the page only what we wrote: a browser's own guard behind ours."""
    return (
        f"default-src 'none'; style-src '{_digest(styles)}'; script-src '{_digest(scripts)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
