"""Small parts that the comparison with peers rests on."""

from pathlib import Path

import pytest

from tests.bench.figures import busy_note, quotients
from tests.bench.limit import calls_per_second
from tests.bench.locking import content_length
from tests.bench.node import find_node, major_of


class TestQuotients:
    def test_are_formed_turn_by_turn(self) -> None:
        assert quotients([10, 30], [5, 10]) == [2, 3]

    def test_leave_out_a_turn_in_which_the_peer_did_nothing(self) -> None:
        assert quotients([10, 30], [0, 10]) == [3]


class TestBusyNote:
    def test_warns_where_the_generator_was_what_was_slow(self) -> None:
        assert busy_note([0.2, 0.95, 0.9]) == "a lower bound: the generator was 90% busy"

    def test_is_silent_otherwise(self) -> None:
        assert busy_note([0.2, 0.95, 0.3]) == ""


class TestRedisBenchmark:
    @pytest.mark.parametrize(
        "text",
        [
            '"test","rps","avg_latency_ms"\n"EVALSHA 12 1 show","73529.41","0.35"\n',
            '"EVALSHA 12 1 ""quoted"", and a comma","73529.41"\n',
        ],
    )
    def test_says_its_rate_in_the_last_line(self, text: str) -> None:
        assert calls_per_second(text) == 73529.41

    def test_that_said_nothing_has_no_rate(self) -> None:
        with pytest.raises(ValueError, match="no rate"):
            calls_per_second("\n")


class TestHttpAnswers:
    def test_say_how_long_they_are(self) -> None:
        assert content_length(b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n") == 17

    def test_that_do_not_are_refused(self) -> None:
        with pytest.raises(ValueError, match="Content-Length"):
            content_length(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


class TestNodeVersions:
    @pytest.mark.parametrize(("text", "major"), [("v20.19.2", 20), ("v9.0.0", 9), ("", 0), ("bun 1.2", 0)])
    def test_are_read(self, text: str, major: int) -> None:
        assert major_of(text) == major


class TestNodePeers:
    def test_are_left_out_loudly_where_there_is_no_node(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))

        node = find_node.__wrapped__()

        assert node.missing.startswith("THE NODE PEERS ARE LEFT OUT: there is no node on PATH")
        assert "install Node 20 or newer with npm" in node.missing
