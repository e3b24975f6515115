"""What frames say: every client message is read, everything else is refused with a reason."""

import json

import pytest

from realtime.protocol import (
    CloseCode,
    Hold,
    HoldBest,
    Malformed,
    Ping,
    Release,
    Sync,
    parse,
)


class TestParse:
    @pytest.mark.parametrize(
        ("frame", "message"),
        [
            ({"type": "hold", "id": "7", "seats": ["A1", "A2"]}, Hold(id="7", seats=["A1", "A2"])),
            (
                {"type": "hold", "id": "7", "seats": ["A1"], "idempotency_key": "k"},
                Hold(id="7", seats=["A1"], idempotency_key="k"),
            ),
            ({"type": "hold.best", "id": "7", "count": 2}, HoldBest(id="7", count=2)),
            (
                {"type": "hold.best", "id": "7", "count": 2, "category": "recliner", "accessible": True},
                HoldBest(id="7", count=2, category="recliner", accessible=True),
            ),
            ({"type": "release", "id": "8", "seats": ["A1"]}, Release(id="8", seats=["A1"])),
            ({"type": "release", "id": "8"}, Release(id="8")),
            ({"type": "sync", "epoch": "k3f9", "version": 41}, Sync(epoch="k3f9", version=41)),
            ({"type": "ping", "id": "9", "client_ms": 1763760000123}, Ping(id="9", client_ms=1763760000123)),
            ({"type": "ping", "id": "9", "client_ms": 17.5}, Ping(id="9", client_ms=17.5)),
        ],
    )
    def test_reads_every_message_of_the_contract(self, frame, message):
        assert parse(json.dumps(frame).encode()) == message

    def test_lets_eleven_seats_pass_because_the_box_office_refuses_them_by_name(self):
        seats = [f"A{number}" for number in range(1, 12)]

        message = parse(json.dumps({"type": "hold", "id": "1", "seats": seats}).encode())

        assert isinstance(message, Hold)
        assert message.seats == seats

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"not json",
            b"[1, 2]",
            b'"hold"',
            b"\xff\xfe",
            b'{"type":"hold","id":"\xff","seats":["A1"]}',
            b'{"id":"1"}',
            b'{"type":"mine","id":"1"}',
            b'{"type":"hold","id":"1"}',
            b'{"type":"hold","id":"1","seats":[]}',
            b'{"type":"hold","id":"1","seats":"A1"}',
            b'{"type":"hold","id":"1","seats":[17]}',
            b'{"type":"hold","id":1,"seats":["A1"]}',
            b'{"type":"hold.best","id":"1","count":0}',
            b'{"type":"hold.best","id":"1","count":"two"}',
            b'{"type":"sync","epoch":"k3f9"}',
            b'{"type":"ping","id":"1","client_ms":1,"extra":true}',
            b"[" * 4000 + b"]" * 4000,
            b'{"type":"ping","id":"1","client_ms":' + b"[" * 4000 + b"]" * 4000 + b"}",
        ],
    )
    def test_refuses_everything_else_with_a_reason(self, payload):
        with pytest.raises(Malformed) as refused:
            parse(payload)

        assert refused.value.detail

    def test_names_the_request_it_could_not_read(self):
        with pytest.raises(Malformed) as refused:
            parse(b'{"type":"hold","id":"42","seats":[]}')

        assert refused.value.id == "42"

    @pytest.mark.parametrize("payload", [b"not json", b'{"type":"hold","id":42}', b'{"id":null}'])
    def test_names_no_request_when_there_is_no_readable_id(self, payload):
        with pytest.raises(Malformed) as refused:
            parse(payload)

        assert refused.value.id is None


class TestCloseCode:
    def test_sends_clients_back_below_4500_only(self):
        returning = {code for code in CloseCode if code.may_return}

        assert returning == {CloseCode.RESTARTING, CloseCode.TOO_SLOW, CloseCode.TOO_MANY_MESSAGES}

    def test_has_the_numbers_of_the_contract(self):
        assert [int(code) for code in CloseCode] == [4000, 4001, 4002, 4500, 4501, 4504, 4508]
