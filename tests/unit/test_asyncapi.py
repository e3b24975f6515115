"""docs/asyncapi.yaml describes what the code says and hears, and nothing else."""

import json
import re
from dataclasses import replace
from typing import Any, get_args

import msgspec
import pytest

from realtime.boards.devices import Screen, ScreenSettings
from realtime.boards.line import device_now
from realtime.boards.protocol import BoardChanges, BoardNow, BoardServerMessage, ShowEntry, TheatrePlace
from realtime.boards.theatre_board import frame_of
from realtime.door_protocol import DoorClientMessage, DoorServerMessage
from realtime.frames import SnapshotBody, encode
from realtime.protocol import (
    UPDATES_DELAYED,
    UPDATES_LIVE,
    BookingChanged,
    Check,
    ClientMessage,
    CloseCode,
    Error,
    Held,
    HoldExpiring,
    Mine,
    MineNow,
    Pong,
    Released,
    Seats,
    ServerMessage,
    parse,
)
from tests.support.asyncapi import Direction, document, examples, message_names, validate

DIRECTIONS = get_args(Direction)
BOOKING = "019aa4d2-7c1e-7b5e-9f1a-2d0c4b8e6a13"
STEP = {"type": "seats", "epoch": "k3f9", "from": 1, "version": 2, "server_ms": 3, "changes": [[1, "A"]]}
MINE = Mine(BOOKING, "pending", ("A3",), 1763760512000, 25000)


def tags(union: Any) -> set[str]:
    return {struct.__struct_config__.tag for struct in union.__args__}


class TestDocument:
    @pytest.mark.parametrize("direction", DIRECTIONS)
    def test_has_examples_that_are_valid(self, direction):
        for example in examples(direction):
            validate(direction, example)

    @pytest.mark.parametrize("direction", DIRECTIONS)
    def test_has_an_example_of_every_message(self, direction):
        assert {example["type"] for example in examples(direction)} == set(message_names(direction))

    def test_names_every_message_of_the_code_and_no_other(self):
        assert set(message_names("client")) == tags(ClientMessage)
        assert set(message_names("server")) == tags(ServerMessage) | {"snapshot", "refused"}
        assert set(message_names("client of a door")) == tags(DoorClientMessage)
        assert set(message_names("server of a door")) == tags(DoorServerMessage)
        assert set(message_names("client of a board")) == {"ping"}
        assert set(message_names("server of a board")) == tags(BoardServerMessage)

    def test_explains_every_close_code_and_whether_to_return(self):
        rows = re.findall(r"\| (\d{4}) \|[^|]*\| (yes|no)", document()["info"]["description"])

        documented = {int(code): answer == "yes" for code, answer in rows if int(code) >= 4000}
        assert documented == {int(code): code.may_return for code in CloseCode}


class TestClientExamples:
    @pytest.mark.parametrize("example", examples("client"), ids=lambda example: example["type"])
    def test_are_understood_as_they_are_meant(self, example):
        understood = msgspec.to_builtins(parse(json.dumps(example).encode()))

        assert {key: understood[key] for key in example} == example


class TestServerMessages:
    @pytest.mark.parametrize(
        "frame",
        [
            SnapshotBody(epoch="k3f9", version=1, states=b"AH", deadlines={1: 5}).frame(server_ms=9, mine=None),
            SnapshotBody(epoch="k3f9", version=1, states=b"AH", deadlines={1: 5}).frame(server_ms=9, mine=MINE),
            encode(Seats("k3f9", 1, 2, 3, [(17, "H", 5), (18, "A")])),
            encode(Seats("k3f9", 1, 1, 3, [])),
            encode(MineNow(None)),
            encode(MineNow(MINE)),
            encode(Held("7", BOOKING, ("A1",), 5, 25000, 43)),
            encode(Held("7", BOOKING, ("A1",), 5, 25000, None, reason="in the middle")),
            encode(Released("8", ("A1",), None)),
            encode(HoldExpiring(BOOKING, 60000)),
            encode(BookingChanged(BOOKING, "confirmed", None)),
            encode(Check("k3f9", 43, 0xFFFFFFFF)),
            encode(Pong("9", 17.5, 9)),
            encode(UPDATES_DELAYED),
            encode(UPDATES_LIVE),
            encode(Error(None, "bad_request", "…")),
            encode(Error("7", "rate_limited", "…")),
        ],
        ids=lambda frame: json.loads(frame.text)["type"],
    )
    def test_are_as_documented(self, frame):
        validate("server", json.loads(frame.text))


ENTRY = ShowEntry(
    id=24,
    movie="The Origami Tiger",
    movie_slug="the-origami-tiger",
    language="Hindi",
    certificate="UA 7+",
    screen="Audi 1",
    starts_at="2025-11-21T21:50:00Z",
    ends_at="2025-11-21T23:58:00Z",
    available=0,
    held=0,
    total=240,
    status="housefull",
)
NIGHTLY = ScreenSettings(theme="light", language="hi", night_from="23:30", night_to="07:00")
SCREEN = Screen(
    id=7,
    name="Left",
    kind="door",
    theatre_slug="lantern-house",
    screen_name="Audi 1",
    settings=NIGHTLY,
    reloads=2,
    revoked=False,
)


class TestBoardMessages:
    @pytest.mark.parametrize(
        "message",
        [
            BoardNow(1, TheatrePlace("lantern-house", "Lantern House", "Bengaluru", "Asia/Kolkata"), [ENTRY]),
            BoardChanges(1, [ENTRY]),
            BoardChanges(1, []),
            device_now(SCREEN, 1),
            device_now(replace(SCREEN, settings=ScreenSettings()), 1),
            UPDATES_DELAYED,
        ],
        ids=lambda message: type(message).__name__,
    )
    def test_are_as_documented(self, message):
        validate("server of a board", json.loads(frame_of(message).text))


class TestValidate:
    def test_accepts_what_is_documented(self):
        validate("server", STEP)

    @pytest.mark.parametrize(
        ("direction", "frame"),
        [
            ("server", {"type": "hold", "id": "7", "seats": ["A1"]}),
            ("client", {"type": "mine", "mine": None}),
            ("server", {"type": "released", "id": "8", "seats": ["A1"]}),
            ("server", {**STEP, "changes": [[1, "H"]]}),
            ("server", {**STEP, "changes": [[1, "Q"]]}),
            ("server", {**STEP, "changes": [[1, "A", 5]]}),
            ("server", {"type": "notice", "code": "updates_live", "more": 1}),
            ("client", {"type": "hold", "id": "7", "seats": []}),
        ],
    )
    def test_rejects_what_is_not_documented(self, direction, frame):
        with pytest.raises(AssertionError):
            validate(direction, frame)
