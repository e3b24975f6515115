"""The catalogue is written: layouts imported, shows planned and changed, against real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, TypeVar

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from bookings.errors import BookingError
from bookings.models import Layout, Screen, SeatClaim, Show
from bookings.selectors import catalogue
from bookings.services.catalogue import (
    AROUND_THE_FILM,
    LATE_SALES,
    TURNAROUND,
    LayoutMissing,
    LayoutRefused,
    PricesRefused,
    ScreenBusy,
    ShowHasClaims,
    ShowTimesRefused,
    create_show,
    import_layout,
    update_show,
)
from tests.support.catalogue import NOW, TOMORROW, TWO_CATEGORIES, a_draft
from tests.support.cinema import hall_text, make_screen, make_theatre
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import wait_until

if TYPE_CHECKING:
    pass

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("database", "awake_cache")


def while_another_commits(act: Callable[[], T]) -> tuple[T, T | BookingError]:
    """`act` by this session, and by another one that begins before this one commits."""

    def in_another_session() -> T | BookingError:
        try:
            return act()
        except BookingError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            first = act()
            second = thread.submit(in_another_session)
            wait_until(
                lambda: second.done() or sessions_waiting() == 1,
                what="the other session waits or is done",
            )
        return first, second.result(timeout=PATIENCE_SECONDS)


def sessions_waiting() -> int:
    with connection.cursor() as cursor:
        # Not pg_stat_activity: within a transaction it goes on showing what it showed first.
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


class TestImportLayout:
    def test_makes_the_next_revision_and_keeps_source_and_seats(self):
        screen = make_screen()

        layout = import_layout(screen, TWO_CATEGORIES)

        assert (layout.revision, layout.source) == (2, TWO_CATEGORIES)
        assert layout.seats[4] == {
            "index": 4,
            "label": "B1",
            "row": "B",
            "number": 1,
            "x": 0,
            "y": 1,
            "kind": "wheelchair",
            "category": "gold",
        }

    def test_of_the_same_file_is_the_revision_that_exists_whatever_its_line_ends(self):
        screen = make_screen()
        first = import_layout(screen, TWO_CATEGORIES)

        assert import_layout(screen, TWO_CATEGORIES.replace("\n", "\r\n")) == first
        assert Layout.objects.filter(screen=screen).count() == 2

    def test_of_an_older_file_is_a_revision_again(self):
        screen = make_screen(layout=TWO_CATEGORIES)
        import_layout(screen, hall_text())

        assert import_layout(screen, TWO_CATEGORIES).revision == 3

    def test_refuses_a_bad_file_with_its_place_and_keeps_nothing(self):
        screen = make_screen()

        with pytest.raises(LayoutRefused) as refused:
            import_layout(screen, "categories: gold\n[gold]\nA S?S")

        assert refused.value.fields == {"line": 3, "column": 4}
        assert refused.value.code == "layout_invalid"
        assert Layout.objects.filter(screen=screen).count() == 1

    def test_twice_at_once_makes_one_revision(self):
        screen = make_screen()

        first, second = while_another_commits(lambda: import_layout(screen, TWO_CATEGORIES))

        assert first == second
        assert Layout.objects.filter(screen=screen).count() == 2

    def test_by_command_names_file_line_and_column(self, tmp_path):
        screen = make_screen()
        file = tmp_path / "audi.txt"
        file.write_text(TWO_CATEGORIES, encoding="utf-8")
        bad = tmp_path / "bad.txt"
        bad.write_text("categories: gold\n[gold]\nA S(S", encoding="utf-8")
        said = StringIO()

        call_command("import_layout", screen.theatre.slug, screen.name, str(file), stdout=said)

        assert "revision 2, 8 seats" in said.getvalue()
        with pytest.raises(CommandError, match=r"bad\.txt: Line 3, column 4: half a sofa"):
            call_command("import_layout", screen.theatre.slug, screen.name, str(bad))
        with pytest.raises(CommandError, match="There is no screen 'Audi 9'"):
            call_command("import_layout", screen.theatre.slug, "Audi 9", str(file))
        with pytest.raises(CommandError, match="No such file"):
            call_command("import_layout", screen.theatre.slug, screen.name, str(tmp_path / "none.txt"))


class TestCreateShow:
    def test_pins_the_newest_layout_and_keeps_it_when_another_comes(self):
        screen = make_screen()
        newest = import_layout(screen, TWO_CATEGORIES)

        show = create_show(a_draft(screen=screen, prices={"silver": 20_000, "gold": 35_000}), now=NOW)
        import_layout(screen, hall_text())

        show.refresh_from_db()
        assert show.layout == newest
        assert len(catalogue.get_show(show.pk).seats) == 8

    def test_fills_in_the_times_that_follow_from_the_movie(self):
        show = create_show(a_draft(), now=NOW)

        assert show.ends_at == TOMORROW + timedelta(minutes=120) + AROUND_THE_FILM
        assert show.sales_close_at == TOMORROW + LATE_SALES

    def test_refuses_a_screen_without_a_layout(self):
        screen = Screen.objects.create(theatre=make_theatre(), name="Audi 9")

        with pytest.raises(LayoutMissing):
            create_show(a_draft(screen=screen), now=NOW)

    @pytest.mark.parametrize(
        "prices", [{}, {"gold": 25_000}, {"standard": 25_000, "gold": 1}, {"standard": 0}, {"standard": "25000"}]
    )
    def test_refuses_prices_that_do_not_fit_the_layout(self, prices):
        with pytest.raises(PricesRefused):
            create_show(a_draft(prices=prices), now=NOW)

    @pytest.mark.parametrize(
        "times",
        [
            {"starts_at": NOW},
            {"starts_at": NOW - timedelta(minutes=1), "sales_open_at": NOW - timedelta(days=1)},
            {"ends_at": TOMORROW},
            {"sales_open_at": TOMORROW + LATE_SALES},
            {"sales_close_at": TOMORROW + timedelta(days=1)},
        ],
        ids=["begins now", "begun", "ends at its start", "sales close before they open", "sales after the end"],
    )
    def test_refuses_times_that_do_not_follow_each_other(self, times):
        with pytest.raises(ShowTimesRefused):
            create_show(a_draft(**times), now=NOW)

        assert not Show.objects.exists()

    @pytest.mark.parametrize(
        ("shift", "free"),
        [
            (timedelta(0), False),
            (timedelta(minutes=120) + AROUND_THE_FILM + TURNAROUND - timedelta(minutes=1), False),
            (timedelta(minutes=120) + AROUND_THE_FILM + TURNAROUND, True),
            (-timedelta(minutes=120) - AROUND_THE_FILM - TURNAROUND + timedelta(minutes=1), False),
            (-timedelta(minutes=120) - AROUND_THE_FILM - TURNAROUND, True),
        ],
    )
    def test_books_a_screen_once_with_time_to_clean_it(self, shift, free):
        first = create_show(a_draft(), now=NOW)
        draft = a_draft(screen=first.screen, movie=first.movie, starts_at=first.starts_at + shift)

        if free:
            create_show(draft, now=NOW)
        else:
            with pytest.raises(ScreenBusy) as refused:
                create_show(draft, now=NOW)
            assert refused.value.fields == {"show": first.pk}

    def test_takes_the_time_of_a_cancelled_show(self):
        first = create_show(a_draft(status=Show.Status.CANCELLED), now=NOW)

        create_show(a_draft(screen=first.screen), now=NOW)

    def test_twice_at_once_on_one_screen_makes_one_show(self):
        draft = a_draft()

        first, second = while_another_commits(lambda: create_show(draft, now=NOW))

        assert isinstance(first, Show)
        assert isinstance(second, ScreenBusy)
        assert Show.objects.count() == 1


class TestUpdateShow:
    def test_changes_prices_and_sales_of_a_show_that_has_begun(self):
        show = create_show(a_draft(), now=NOW)
        draft = a_draft(movie=show.movie, screen=show.screen, prices={"standard": 30_000}, status=Show.Status.CLOSED)

        update_show(show, draft, now=show.starts_at + timedelta(minutes=5))

        show.refresh_from_db()
        assert (show.prices, show.status) == ({"standard": 30_000}, "closed")

    def test_does_not_meet_itself_on_its_screen(self):
        show = create_show(a_draft(), now=NOW)
        later = TOMORROW + timedelta(minutes=30)

        update_show(show, a_draft(movie=show.movie, screen=show.screen, starts_at=later), now=NOW)

        assert Show.objects.get(pk=show.pk).starts_at == later

    def test_keeps_film_and_time_once_a_seat_is_claimed(self):
        show = create_show(a_draft(), now=NOW)
        SeatClaim.objects.create(show=show, seat_index=0, kind=SeatClaim.Kind.BLOCK, reason="camera")
        moved = a_draft(movie=show.movie, screen=show.screen, starts_at=TOMORROW + timedelta(hours=1))

        with pytest.raises(ShowHasClaims):
            update_show(show, moved, now=NOW)
        with pytest.raises(ShowHasClaims):
            update_show(show, a_draft(screen=show.screen), now=NOW)

        unmoved = Show.objects.get(pk=show.pk)
        assert (unmoved.starts_at, unmoved.movie_id) == (TOMORROW, show.movie_id)
