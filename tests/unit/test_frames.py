"""Ready frames: headers a client can read, messages of the contract's shape, snapshots shared by all."""

import json

import pytest

from realtime.frames import Frame, SnapshotBody, encode, refusal
from realtime.protocol import Check, Error, Held, Mine, MineNow, Released, Seats


def read_frame(wire: bytes) -> bytes:
    """The payload of one unmasked text frame, read as RFC 6455 section 5.2 says."""
    assert wire[0] == 0x81, "final text frame, nothing reserved set"
    size = wire[1]
    start = 2
    if size == 126:
        size, start = int.from_bytes(wire[2:4], "big"), 4
    elif size == 127:
        size, start = int.from_bytes(wire[2:10], "big"), 10
    assert len(wire) == start + size
    return wire[start:]


class TestFrame:
    @pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
    def test_carries_payloads_of_every_header_size(self, size):
        payload = b"x" * size

        assert read_frame(Frame(payload).wire) == payload

    def test_gives_its_payload_as_text(self):
        assert Frame("“A1”".encode()).text == "“A1”"


class TestEncode:
    @pytest.mark.parametrize(
        ("message", "expected"),
        [
            (
                Seats("k3f9", 41, 43, 1763760000123, [(17, "H", 1763760512000), (18, "A")]),
                {
                    "type": "seats",
                    "epoch": "k3f9",
                    "from": 41,
                    "version": 43,
                    "server_ms": 1763760000123,
                    "changes": [[17, "H", 1763760512000], [18, "A"]],
                },
            ),
            (MineNow(None), {"type": "mine", "mine": None}),
            (
                Held("7", "b", ("A1",), 5, 25000, None),
                {
                    "type": "held",
                    "id": "7",
                    "booking": "b",
                    "seats": ["A1"],
                    "expires_ms": 5,
                    "amount_paise": 25000,
                    "version": None,
                },
            ),
            (Released("8", ("A1",), 44), {"type": "released", "id": "8", "seats": ["A1"], "version": 44}),
            (Check("k3f9", 43, 7), {"type": "check", "epoch": "k3f9", "version": 43, "crc32": 7}),
            (
                Error(None, "rate_limited", "Slow down."),
                {"type": "error", "id": None, "code": "rate_limited", "detail": "Slow down."},
            ),
        ],
    )
    def test_says_what_the_contract_says(self, message, expected):
        assert json.loads(encode(message).text) == expected

    def test_says_why_best_seats_were_chosen(self):
        held = Held("7", "b", ("A1",), 5, 25000, 43, reason="in the middle")

        assert json.loads(encode(held).text)["reason"] == "in the middle"

    def test_keeps_the_facts_of_a_refusal(self):
        frame = refusal("7", {"code": "seats_unavailable", "detail": "…", "retryable": False, "seats": ["A2"]})

        assert json.loads(frame.text) == {
            "type": "refused",
            "id": "7",
            "code": "seats_unavailable",
            "detail": "…",
            "retryable": False,
            "seats": ["A2"],
        }


class TestSnapshotBody:
    @pytest.fixture
    def body(self):
        return SnapshotBody(epoch="k3f9", version=41, states=b"AAHX", deadlines={2: 1763760512000})

    def test_is_the_snapshot_of_the_contract(self, body):
        assert json.loads(body.frame(server_ms=9, mine=None).text) == {
            "type": "snapshot",
            "epoch": "k3f9",
            "version": 41,
            "server_ms": 9,
            "states": "AAHX",
            "holds": {"2": 1763760512000},
            "mine": None,
        }

    def test_adds_what_is_the_viewers_own(self, body):
        mine = Mine("b", "pending", ("A3",), 1763760512000, 25000)

        assert json.loads(body.frame(server_ms=9, mine=mine).text)["mine"] == {
            "booking": "b",
            "status": "pending",
            "seats": ["A3"],
            "expires_ms": 1763760512000,
            "amount_paise": 25000,
        }

    def test_gives_all_watchers_of_a_millisecond_the_same_bytes(self, body):
        assert body.frame(server_ms=9, mine=None) is body.frame(server_ms=9, mine=None)

    def test_tells_the_time_of_each_millisecond(self, body):
        body.frame(server_ms=9, mine=None)

        assert json.loads(body.frame(server_ms=10, mine=None).text)["server_ms"] == 10
