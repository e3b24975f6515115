"""docs/razorpay.md, held to the code: settings, test cards, periods, acts, policy, commands."""

import re
import shlex
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands, load_command_class

from bookings.api import RefundState
from bookings.services.roles import BOX_OFFICE, ROLES
from config.doctor.checklist import CHECKLIST
from payments.admin.acts import CANCEL, EVENT_ACTS, PAYMENT_ACTS, REFUND
from payments.domain.refunds import ATTEMPTS_MAX, DEFAULT_POLICY
from payments.emulator.outcomes import SUCCESS_VPA
from payments.models import Payment
from payments.services import ledger, watch
from payments.services.settle import CAPTURE_WATCH_SECONDS

DOCS = Path(settings.BASE_DIR) / "docs"
PAGE = (DOCS / "razorpay.md").read_text(encoding="utf-8")
OUTCOMES = (Path(settings.BASE_DIR) / "payments" / "emulator" / "outcomes.py").read_text()


def first_column(heading: str) -> list[str]:
    """The first cells of the table whose first heading this is."""
    table = re.search(rf"^ *\| {heading} \|.*\n *\|[-|]+\n((?: *\|.*\n)+)", PAGE, re.MULTILINE)
    assert table, f"no table {heading}"
    return [row.split("|")[1].strip() for row in table[1].splitlines()]


class TestRazorpayPage:
    def test_names_variables_that_are_read_and_their_defaults(self) -> None:
        read = set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"', _text("config/settings.py")))
        shown = re.findall(r"^ *\| `([A-Z_]+)` \| (`[^`]+`)?", PAGE, re.MULTILINE)
        assert len(shown) == 10
        assert {name for name, _ in shown} <= read
        for name, default in shown:
            if default and "…" not in default and name != "RAZORPAY_WEBHOOK_SECRET":
                assert re.search(rf'"{name}", default=.*{re.escape(default.strip("`"))}', _text("config/settings.py"))

    def test_shows_cards_that_the_emulator_knows(self) -> None:
        cards = [card.replace(" ", "") for card in re.findall(r"`(\d{4}(?: \d{4}){3})`", PAGE)]

        assert len(cards) == 7
        assert [card for card in cards if f'"{card}"' not in OUTCOMES] == []
        assert SUCCESS_VPA in PAGE

    def test_tells_periods_as_they_are(self) -> None:
        first, *looks = watch.CAPTURE_LOOKS_SECONDS
        minutes = [f"{seconds / 60:.0f}" for seconds in looks]
        told = (
            f"every {watch.PENDING_POLL_SECONDS:.0f} s while a booking may be paid",
            f"looks\n{CAPTURE_WATCH_SECONDS} s after confirmation",
            f"looks again after {first:.0f} s, {minutes[0]}, {minutes[1]} and {minutes[2]} minutes",
            f"{['three'][watch.LATE_POLL_SECONDS[-1] // 86_400 - 3]} days after it ended",
            f"given back after {watch.PARKED_SECONDS // 60} minutes",
            f"the last {['four'][ledger.DAYS - 4]} days",
            f"refunds of the\nlast {ledger.REFUND_DAYS} days",
            f"{['ten'][ledger.ON_ITS_WAY_SECONDS // 60 - 10]} minutes ago",
            f"after {['three'][ATTEMPTS_MAX - 3]} attempts",
        )
        assert [words for words in told if words not in PAGE] == []

    def test_tells_the_houses_policy(self) -> None:
        full, share = DEFAULT_POLICY.full_until_hours, DEFAULT_POLICY.share_until_hours
        words = {50: "half"}[DEFAULT_POLICY.share_percent]
        assert f"all until {full} h before the show, {words} until {share} h, then nothing" in PAGE

    def test_lists_every_state_of_a_refund(self) -> None:
        assert first_column("`refund`") == [f"`{state}`" for state in RefundState if state]

    def test_lists_every_act_and_the_right_to_it(self) -> None:
        acts = (REFUND, CANCEL, *PAYMENT_ACTS.values(), *EVENT_ACTS.values())
        assert first_column("act") == [act.title for act in acts]
        ((codename, title),) = Payment._meta.permissions
        assert f"*{title}* (`payments.{codename}`)" in PAGE
        assert [act.title for act in acts if act.permission != f"payments.{codename}"] == [CANCEL.title]
        assert f"cancelling by the theatre's policy (`{CANCEL.permission}`, which the box office has)" in PAGE
        assert CANCEL.permission in ROLES[BOX_OFFICE]
        assert REFUND.permission not in ROLES[BOX_OFFICE]

    def test_shows_commands_and_options_that_exist(self) -> None:
        shown = re.findall(r"manage\.py (ledger[^\n`]*|doctor)", PAGE)
        assert len(shown) >= 5
        for line in shown:
            name, *arguments = shlex.split(line)
            load_command_class(get_commands()[name], name).create_parser("manage.py", name).parse_args(arguments)

    def test_names_lines_of_the_doctor(self) -> None:
        lines = {examination.name for examination in CHECKLIST}

        assert set(re.findall(r"lines? \*([\w ]+)\*", PAGE)) <= lines

    def test_points_at_pages_that_exist(self) -> None:
        for link in re.findall(r"\]\(([\w./-]+\.md)", PAGE):
            assert (DOCS / link).is_file(), link


def _text(path: str) -> str:
    return (Path(settings.BASE_DIR) / path).read_text(encoding="utf-8")
