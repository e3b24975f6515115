"""What a board lists: today and tomorrow by the theatre's own date, read anew once the catalogue has changed."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings.api import NotFound, catalogue_stamp, list_screens
from bookings.models import Show
from bookings.selectors.cache import catalogue_cache
from realtime.boards.programme import read_programme
from tests.support.cinema import make_movie, make_screen, make_show, make_theatre

pytestmark = pytest.mark.usefixtures("database", "awake_cache")
DAY_MS = 86_400_000
# 23:30 on the 29th in Pune, where tomorrow ends at 18:30 UTC on the 30th.
LATE_EVENING = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def a_show_at(moment: datetime, **fields: object) -> Show:
    starts_in = moment - datetime.now(UTC)  # noqa: TID251  (what make_show counts from)
    return make_show(starts_in=starts_in, **fields)  # type: ignore[arg-type]


class TestTheProgramme:
    def test_is_today_and_tomorrow_by_the_theatres_date(self) -> None:
        theatre = make_theatre(time_zone="Asia/Kolkata")
        audi = make_screen(theatre=theatre)
        yesterday, today, tomorrow, later = (
            a_show_at(moment, screen=audi)
            for moment in (
                datetime(2026, 11, 28, 18, 29, tzinfo=UTC),
                datetime(2026, 11, 28, 18, 31, tzinfo=UTC),
                datetime(2026, 11, 30, 18, 29, tzinfo=UTC),
                datetime(2026, 11, 30, 18, 31, tzinfo=UTC),
            )
        )

        programme = read_programme(theatre.slug, ms(LATE_EVENING))

        assert [listing.id for listing in programme.listings] == [today.pk, tomorrow.pk]
        assert programme.until_ms == ms(datetime(2026, 11, 29, 18, 30, tzinfo=UTC))
        after = read_programme(theatre.slug, programme.until_ms)
        assert [listing.id for listing in after.listings] == [tomorrow.pk, later.pk]
        assert after.until_ms == programme.until_ms + DAY_MS
        assert yesterday.pk not in {listing.id for listing in programme.listings}

    def test_keeps_what_began_before_midnight_until_it_ends(self) -> None:
        theatre = make_theatre(time_zone="Asia/Kolkata")
        audi = make_screen(theatre=theatre)
        # 23:50 in Pune; midnight is at 18:30 UTC.
        late = a_show_at(datetime(2026, 11, 29, 18, 20, tzinfo=UTC), screen=audi)
        following = a_show_at(late.ends_at + timedelta(hours=1), screen=audi)

        def listed_at(moment: datetime) -> list[int]:
            return [listing.id for listing in read_programme(theatre.slug, ms(moment)).listings]

        midnight = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)
        assert listed_at(midnight - timedelta(seconds=1)) == [late.pk, following.pk]
        assert listed_at(midnight) == [late.pk, following.pk]
        assert listed_at(late.ends_at + timedelta(milliseconds=1)) == [following.pk]

    def test_lasts_as_long_as_the_day_when_clocks_go_back(self) -> None:
        theatre = make_theatre(time_zone="Europe/London")

        before = read_programme(theatre.slug, ms(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)))

        assert before.until_ms == ms(datetime(2026, 10, 26, 0, 0, tzinfo=UTC))

    def test_is_of_one_theatre_and_without_cancelled_shows(self) -> None:
        theatre = make_theatre(city="Pune")
        audi = make_screen(theatre=theatre)
        mine = a_show_at(LATE_EVENING, screen=audi, movie=make_movie(title="रात की रानी", language="Hindi"))
        a_show_at(LATE_EVENING, screen=make_screen(theatre=make_theatre(city="Pune")))
        a_show_at(LATE_EVENING + timedelta(hours=3), screen=audi, status="cancelled")

        programme = read_programme(theatre.slug, ms(LATE_EVENING))

        (listing,) = programme.listings
        assert (listing.id, listing.movie, listing.screen, listing.total) == (mine.pk, "रात की रानी", audi.name, 120)
        assert (listing.starts_at, listing.starts_ms // 1000) == ("2026-11-29T18:00:00Z", ms(LATE_EVENING) // 1000)

    def test_of_no_theatre_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            read_programme("nowhere", ms(LATE_EVENING))


class TestTheStamp:
    def test_differs_once_anything_has_changed_and_only_then(self) -> None:
        show = make_show()
        first, again = catalogue_stamp(), catalogue_stamp()
        show.status = "cancelled"
        show.save()
        after_show = catalogue_stamp()
        show.movie.title = "Another"
        show.movie.save()

        assert first == again
        assert len({first, after_show, catalogue_stamp()}) == 3

    def test_is_not_known_without_redis(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(catalogue_cache, "_asleep_until", float("inf"))

        assert catalogue_stamp() is None


class TestScreensOfATheatre:
    def test_are_listed_by_name_and_follow_the_catalogue(self) -> None:
        theatre = make_theatre()
        names = sorted(make_screen(theatre=theatre).name for _ in range(2))
        assert list_screens(theatre.slug) == names

        make_screen(theatre=theatre)

        assert len(list_screens(theatre.slug)) == 3
        assert list_screens("no such slug!") == []
