"""The promises of the house, checked from outside. Pure: evidence in, breaches out.

Some breaches are seen as they happen (world.py: maps that differ, versions that go back, holds past their deadline);
those here need the whole run. Each check errs on the side of the house: where two clocks or two messages leave
room for an innocent reading, it is taken, so that a breach is one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from realtime.loadtest.evidence import Breach, Evidence, FinalMap, Grant, Refusal
from realtime.loadtest.frames import AVAILABLE, BOOKED, HELD, Seat, Snapshot
from realtime.loadtest.seat_map import SeatMap

# A hold may be taken over this long before its end (two authorities, two clocks; contract and consistency rules).
TAKEOVER_MS: Final = 1_000
# A hold that is shown this long after its deadline, by the server's own clock, has outlived it.
OVERDUE_MS: Final = 2_000
# Seats that people with ordinary wishes are given; the others are asked for in person.
ORDINARY_KINDS: Final = frozenset({"standard", "recliner", "sofa", "restricted"})

# The one check that needs its scenario: only there nothing is let go.
BEST_TOGETHER: Final = "best-together"
TITLES: Final = {
    "one-holder": "No seat is granted to two at once",
    "all-or-none": "All seats of a request are granted, or none",
    "deadline": "No hold outlives its deadline",
    "refused-unchanged": "A refusal changes nothing",
    "kept": "A grant is kept, and shown to everyone, until it ends",
    "versions": "Versions never go back",
    "maps-agree": "All maps of one version are the same map",
    "http-agrees": "The snapshot over HTTP and every client's map agree",
    BEST_TOGETHER: "Nobody is refused two together while a pair is free",
}


def checked_in(scenario: str) -> list[str]:
    """The names of the checks that are made in a scenario."""
    return [name for name in TITLES if name != BEST_TOGETHER or scenario == BEST_TOGETHER]


@dataclass(frozen=True, slots=True)
class Clock:
    """How the server's clock relates to ours: server_ms = seconds × 1,000 + offset, give or take."""

    offset_ms: float
    uncertainty_ms: float = 0.0

    def server_ms(self, at: float) -> int:
        """The server's time at one of ours."""
        return round(at * 1000 + self.offset_ms)

    def at(self, server_ms: float) -> float:
        """Our time at one of the server's."""
        return (server_ms - self.offset_ms) / 1000


class Ownership(NamedTuple):
    """A seat was surely this booking's from `since` until `until` (our clock)."""

    since: float
    until: float
    booking: str
    client: str
    frame: str


def ownerships(evidence: Evidence, clock: Clock) -> dict[str, list[Ownership]]:
    """Per seat, when it was surely whose: from the reply until its end was asked for or its deadline neared."""
    ended: dict[tuple[str, str], float] = {}
    for end in evidence.ended:
        for label in end.seats:
            ended[end.booking, label] = min(end.asked_at, ended.get((end.booking, label), end.asked_at))
    found: dict[str, list[Ownership]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for grant in sorted(evidence.grants, key=lambda grant: grant.answered_at):
        deadline_at = clock.at(grant.expires_ms - TAKEOVER_MS - clock.uncertainty_ms)
        for label in grant.seats:
            key = (grant.booking, label)
            # A second grant of a hold names its earlier seats again; one that was let go and asked for anew is new.
            if key in seen and not (key in ended and ended[key] < grant.asked_at):
                continue
            seen.add(key)
            end_at = ended[key] if key in ended and ended[key] >= grant.asked_at else float("inf")
            until = min(deadline_at, end_at)
            if until > grant.answered_at:
                found[label].append(Ownership(grant.answered_at, until, grant.booking, grant.client, grant.frame))
    for sale in evidence.sold:
        for label in sale.seats:
            found[label].append(Ownership(sale.answered_at, float("inf"), sale.booking, sale.client, "confirmed"))
    return found


def check_one_holder(evidence: Evidence, clock: Clock) -> Iterator[Breach]:
    """No two bookings surely own a seat at the same time."""
    for label, owners in ownerships(evidence, clock).items():
        evidence.look("one-holder", len(owners))
        owners.sort()
        last = owners[0]
        for owner in owners[1:]:
            if owner.booking != last.booking and owner.since < last.until:
                seconds = min(last.until, owner.until) - owner.since
                lasting = "for good" if seconds == float("inf") else f"for {seconds * 1000:,.0f} ms"
                yield Breach(
                    "one-holder",
                    f"{label} was granted to {last.client} and to {owner.client} at once, {lasting}",
                    clock.server_ms(owner.since),
                    (last.client, owner.client),
                    (last.frame, owner.frame),
                )
            if owner.until > last.until:
                last = owner


def check_all_or_none(evidence: Evidence, clock: Clock) -> Iterator[Breach]:
    """A grant contains what was asked for, and no seat that is new besides."""
    for grant in evidence.grants:
        evidence.look("all-or-none")
        if what := _other_than_asked(grant):
            asked = ", ".join(grant.wanted) or f"{grant.count} seats"
            yield Breach(
                "all-or-none",
                f"{grant.client} asked for {asked} and was granted {what}",
                clock.server_ms(grant.answered_at),
                (grant.client,),
                (grant.frame,),
            )


def _other_than_asked(grant: Grant) -> str:
    """What is wrong with the seats of a grant; empty: nothing."""
    if missing := set(grant.wanted) - set(grant.seats):
        return f"without {_listed(missing)}"
    if len(grant.seats) < grant.count:
        return f"{len(grant.seats)} seats"
    if grant.before is None:
        return ""
    new = set(grant.seats) - set(grant.before)
    if grant.best:
        return _listed(new) if len(new) > grant.count else ""
    return f"{_listed(extra)} besides" if (extra := new - set(grant.wanted)) else ""


def check_deadlines_of_grants(evidence: Evidence, clock: Clock) -> Iterator[Breach]:
    """Seats that are added to a hold do not make it longer."""
    first: dict[str, Grant] = {}
    for grant in sorted(evidence.grants, key=lambda grant: grant.answered_at):
        if (known := first.setdefault(grant.booking, grant)) is grant:
            continue
        evidence.look("deadline")
        # When Redis goes or comes back another clock may decide; what that makes of a deadline is no longer hold.
        if (longer_ms := grant.expires_ms - known.expires_ms) > TAKEOVER_MS:
            yield Breach(
                "deadline",
                f"{grant.client} added {_listed(grant.wanted) or 'seats'} to a hold, which now ends"
                f" {longer_ms / 1000:,.1f} s later",
                clock.server_ms(grant.answered_at),
                (grant.client,),
                (known.frame, grant.frame),
            )


def check_mine(evidence: Evidence, clock: Clock) -> Iterator[Breach]:
    """Who comes back at the end is told the hold that he believes to have, and no more."""
    for mine in evidence.mine:
        told, believed = set(mine.told), set(mine.believed)
        evidence.look("refused-unchanged")
        # A hold that ends while he is being told of it is no longer believed, and no gift.
        extra = told - believed
        if extra and mine.told_until_ms < mine.at_ms - OVERDUE_MS:
            seconds = (mine.at_ms - mine.told_until_ms) / 1000
            yield Breach(
                "deadline",
                f"{mine.client} still has {_listed(extra)}, {seconds:.1f} s after the deadline",
                mine.at_ms,
                (mine.client,),
                (mine.frame,),
            )
        elif extra and mine.told_until_ms > mine.at_ms:
            refused = _listed(extra & set(mine.refused))
            why = f"after a refusal of {refused}" if refused else "without a grant"
            yield Breach(
                "refused-unchanged",
                f"{mine.client} has {_listed(extra)} {why}",
                mine.at_ms,
                (mine.client,),
                (mine.frame,),
            )
        if (lost := believed - told) and mine.at_ms < mine.expires_ms - TAKEOVER_MS:
            yield Breach(
                "kept",
                f"{mine.client} was granted {_listed(lost)}, has not let go, and has lost it",
                mine.at_ms,
                (mine.client,),
                (mine.frame,),
            )


def check_versions_of_grants(evidence: Evidence, clock: Clock) -> Iterator[Breach]:
    """A new hold is a new version: later than what its asker had seen before he asked."""
    for grant in evidence.grants:
        if grant.version is None or grant.seen[1] < 0:
            continue
        evidence.look("versions")
        if grant.version <= grant.seen[1]:
            yield Breach(
                "versions",
                f"{grant.client} had seen version {grant.seen[1]} and was granted seats at version {grant.version}",
                clock.server_ms(grant.answered_at),
                (grant.client,),
                (grant.frame,),
            )


def check_pictures(evidence: Evidence) -> Iterator[Breach]:
    """What HTTP showed while it was played is what clients had at that version."""
    for picture in evidence.pictures:
        if (known := evidence.digests.get(picture.place)) is None:
            continue
        evidence.look("http-agrees")
        if known.digest != picture.digest:
            summary = f"of version {picture.place} HTTP showed another map than clients had"
            yield Breach("http-agrees", summary, picture.at_ms, ("http", known.client), (picture.frame, known.frame))


def check_final_maps(
    evidence: Evidence, before: SeatMap, http: SeatMap, http_frame: str, at_ms: int, seats: Sequence[Seat]
) -> Iterator[Breach]:
    """Every client's last map is the one that HTTP shows.

    `before` is what HTTP had shown before the clients were brought up to date, `http` what it showed afterwards:
    their maps lie in between, also where somebody else goes on using the show.
    """
    for final in evidence.maps:
        evidence.look("http-agrees", len(final.clients))
        if (final.epoch, final.version) != (http.epoch, http.version):
            if not _out_of_step(final, before, http):
                continue
            summary = f"at rest, HTTP is at version {http.version} and {_some(final.clients)} at {final.version}"
        elif final.digest != http.digest:
            theirs = SeatMap(final.epoch, final.version, final.states.encode(), dict(final.holds))
            which = ", ".join(
                f"{seats[index].label} is {http.state_of(index)} over HTTP and {theirs.state_of(index)}"
                for index in theirs.differences(http)[:5]
            )
            summary = f"at version {http.version} {which} on the map of {_some(final.clients)}"
        else:
            continue
        yield Breach("http-agrees", summary, at_ms, final.clients[:5], (http_frame, final.states))


def _out_of_step(final: FinalMap, before: SeatMap, http: SeatMap) -> bool:
    """Whether a map is older than HTTP was before, or newer than it is after. Epochs that changed do not compare."""
    if before.epoch != http.epoch:
        return False
    return final.epoch != http.epoch or not before.version <= final.version <= http.version


def check_kept_at_rest(
    evidence: Evidence, clock: Clock, final: SeatMap, at_ms: int, index_of: dict[str, int]
) -> Iterator[Breach]:
    """At rest, what was granted and has not ended is on the map: H with its deadline, or B once confirmed."""
    now_at = clock.at(at_ms)
    for label, owners in ownerships(evidence, clock).items():
        for owner in owners:
            if not owner.since <= now_at < owner.until:
                continue
            evidence.look("kept")
            state = final.state_of(index_of[label])
            if state == BOOKED or (state == HELD and owner.frame != "confirmed"):
                continue
            said = "sold" if owner.frame == "confirmed" else "held"
            yield Breach(
                "kept",
                f"{label} is {said} by {owner.client} and shown as {state}",
                at_ms,
                (owner.client,),
                (owner.frame,),
            )


def check_nothing_left(
    evidence: Evidence, clock: Clock, before: SeatMap, after: SeatMap, at_ms: int, labels: Sequence[str]
) -> Iterator[Breach]:
    """When everybody has let go, no seat of a refused request is held by nobody."""
    refused: dict[str, Refusal] = {}
    for refusal in evidence.refusals:
        for label in set(refusal.wanted) - set(refusal.culprits):
            refused.setdefault(label, refusal)
    held = {
        label
        for label, owners in ownerships(evidence, clock).items()
        if any(o.until > clock.at(at_ms) for o in owners)
    }
    # Who could not give back may have it still; that is said in a note, and is nobody's refused request.
    held.update(label for unreturned in evidence.unreturned for label in unreturned.seats)
    for index, label in enumerate(labels):
        if label not in refused:
            continue
        evidence.look("refused-unchanged")
        if after.state_of(index) == HELD and before.state_of(index) == AVAILABLE and label not in held:
            yield Breach(
                "refused-unchanged",
                f"{label} was part of a refused request of {refused[label].client}, is nobody's, and is still held"
                " when all have let go",
                at_ms,
                (refused[label].client,),
                (refused[label].frame,),
            )


def final_maps(maps: Iterable[tuple[str, SeatMap]]) -> list[FinalMap]:
    """(client, his map) of many, those with the same map together."""
    alike: dict[tuple[str, int, str], tuple[SeatMap, list[str]]] = {}
    for client, seat_map in maps:
        key = (seat_map.epoch, seat_map.version, seat_map.digest)
        alike.setdefault(key, (seat_map, []))[1].append(client)
    return [
        FinalMap(found.epoch, found.version, found.states.decode(), found.holds, found.digest, tuple(clients))
        for found, clients in alike.values()
    ]


def overdue(seat_map: SeatMap, server_ms: int) -> list[int]:
    """Seats still held long after their deadline, by the server's own clock."""
    latest_ms = server_ms - OVERDUE_MS
    return [index for index, deadline_ms in seat_map.holds.items() if deadline_ms < latest_ms]


def map_of(snapshot: Snapshot) -> SeatMap:
    """A snapshot over HTTP as a map."""
    return SeatMap.of_snapshot(snapshot)


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels))


def _some(clients: Sequence[str]) -> str:
    return ", ".join(clients[:3]) + (f" and {len(clients) - 3} more" if len(clients) > 3 else "")
