"""The command line: what it will not load, and how it says that nothing could be run."""

import argparse
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from picows import WSError

from config.ports import free_port
from realtime.loadtest import command, stage
from realtime.loadtest.api import Api, NotServed
from realtime.loadtest.command import EXIT_BREACHED, EXIT_NOT_RUN, _problem_of, add_arguments, execute
from realtime.loadtest.evidence import Breach
from realtime.loadtest.found import Run
from realtime.loadtest.frames import TOO_MANY_CODE
from realtime.loadtest.scenarios import SCENARIOS
from realtime.loadtest.sockets import Socket
from realtime.loadtest.stage import Stage
from realtime.loadtest.world import World
from tests.support.loadtest import a_show
from tests.support.loadtest_found import a_run


def a_stage(world: World) -> Stage:
    async def ready() -> float:
        return 0.0

    return Stage(world, Api(world.url), viewers=1, grabbers=1, part=0, parts=1, on_ready=ready)


def options_of(*arguments: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return vars(parser.parse_args(arguments))


class Stranger:
    """Some HTTP server that is no house; each test says how it answers everything."""

    def __init__(self) -> None:
        self.status, self.body, self.location = 200, b"", ""
        self.asked: list[str] = []
        stranger = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5  # an idle connection must not keep the test

            def do_GET(self) -> None:
                stranger.asked.append(self.path)
                self.send_response(stranger.status)
                if stranger.location:
                    self.send_header("Location", stranger.location)
                self.send_header("Content-Length", str(len(stranger.body)))
                self.end_headers()
                self.wfile.write(stranger.body)
                self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def answering() -> Iterator[Stranger]:
    stranger = Stranger()
    thread = threading.Thread(target=stranger.server.serve_forever)
    thread.start()
    try:
        yield stranger
    finally:
        stranger.server.shutdown()
        thread.join()
        stranger.server.server_close()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with answering() as stranger:
        yield stranger


class TestAnAddress:
    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:8000", "http://127.8.9.10", "http://localhost:8000", "http://[::1]:8000"]
    )
    def test_of_this_machine_is_loaded(self, url: str) -> None:
        assert _problem_of(url, allow_remote=False) == ""

    # The last looks local and is not: it is every interface.
    @pytest.mark.parametrize("url", ["http://192.0.2.7:8000", "https://[2001:db8::1]", "http://0.0.0.0:8000"])
    def test_of_another_machine_is_loaded_only_when_that_is_asked_for(self, url: str) -> None:
        assert "--allow-remote" in _problem_of(url, allow_remote=False)
        assert _problem_of(url, allow_remote=True) == ""

    def test_that_leads_to_this_machine_and_another_is_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        both = [(2, 1, 6, "", (address, 80)) for address in ("127.0.0.1", "192.0.2.7")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: both)

        assert "--allow-remote" in _problem_of("http://house.example", allow_remote=False)

        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: both[:1])
        assert _problem_of("http://house.example", allow_remote=False) == ""

    @pytest.mark.parametrize(
        "url",
        [
            "127.0.0.1:8000",
            "localhost",
            "ftp://127.0.0.1",
            "http://",
            "http://127.0.0.1:99999",
            "http://[::1",
            "http://[::1]/?a=b",
        ],
    )
    @pytest.mark.parametrize("allow_remote", [True, False])
    def test_that_is_none_is_said_to_be_none(self, url: str, allow_remote: bool) -> None:
        assert "--url must be like" in _problem_of(url, allow_remote=allow_remote)

    @pytest.mark.parametrize(
        "url", ["http://guest:secret@127.0.0.1", "http://127.0.0.1@192.0.2.7", "ftp://guest:secret@127.0.0.1:99999"]
    )
    def test_with_a_password_is_refused_and_not_repeated(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(options_of("--url", url, "--allow-remote")) == EXIT_NOT_RUN

        said = capsys.readouterr().err
        assert "--url must not have a user name or password in it" in said
        assert "secret" not in said

    @pytest.mark.parametrize("host", ["no-such-house.invalid", "a..b"])
    def test_that_nobody_knows_is_said_to_be_unknown(self, host: str) -> None:
        assert f"{host} is not known" in _problem_of(f"http://{host}", allow_remote=False)


class TestARunThatCannotBegin:
    def test_says_that_no_house_is_there_and_how_to_start_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        url = f"http://127.0.0.1:{free_port()}"

        assert execute(options_of("--url", url, "--no-ceiling")) == EXIT_NOT_RUN

        said = capsys.readouterr().err
        assert "no_answer" in said
        assert f"Is a house running at {url}? `make demo` starts one." in said

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, b"<html>"),
            (200, b"[]"),
            (200, b'{"items": 3}'),
            (200, b'{"items": [{}]}'),
            (404, b"no"),
            (404, b"{}"),
        ],
    )
    def test_says_so_when_something_else_is_there(
        self, stranger: Stranger, capsys: pytest.CaptureFixture[str], status: int, body: bytes
    ) -> None:
        stranger.status, stranger.body = status, body

        assert execute(options_of("--url", stranger.url, "--no-ceiling")) == EXIT_NOT_RUN

        assert "does not look like a Housefull" in capsys.readouterr().err

    def test_says_so_when_its_show_is_of_something_else(
        self, stranger: Stranger, capsys: pytest.CaptureFixture[str]
    ) -> None:
        stranger.body = b'{"id": 1}'

        assert execute(options_of("--url", stranger.url, "--show", "1", "--no-ceiling")) == EXIT_NOT_RUN

        assert "does not look like a Housefull" in capsys.readouterr().err

    def test_says_so_when_nothing_is_on_sale(self, stranger: Stranger, capsys: pytest.CaptureFixture[str]) -> None:
        stranger.body = b'{"items": [{"id": 1, "sales": "closed"}]}'

        assert execute(options_of("--url", stranger.url, "--no-ceiling")) == EXIT_NOT_RUN

        assert "no show is on sale; name one with --show" in capsys.readouterr().err

    def test_is_not_begun_against_another_machine(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(options_of("--url", "http://192.0.2.7")) == EXIT_NOT_RUN

        assert "192.0.2.7 is another machine" in capsys.readouterr().err

    def test_is_not_begun_when_its_result_cannot_be_written(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        url = f"http://127.0.0.1:{free_port()}"

        for path in (tmp_path / "file" / "x.json", tmp_path):
            assert execute(options_of("--url", url, "--json", str(path))) == EXIT_NOT_RUN
            assert f"{path} cannot be written" in capsys.readouterr().err

    def test_leaves_an_earlier_result_as_it_was(self, tmp_path: Path) -> None:
        earlier = tmp_path / "result.json"
        earlier.write_text("{}")
        url = f"http://127.0.0.1:{free_port()}"

        assert execute(options_of("--url", url, "--json", str(earlier), "--no-ceiling")) == EXIT_NOT_RUN

        assert earlier.read_text() == "{}"

    def test_for_a_fault_of_ours_is_not_called_a_broken_promise(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(command, "run", fail)

        assert execute(options_of("--url", "http://127.0.0.1:8000")) == EXIT_NOT_RUN

        said = capsys.readouterr().err
        assert "ZeroDivisionError" in said
        assert "a fault of the load tester itself" in said


class TestAResultOfARun:
    """A run has been made; what is left is to say and write what it found."""

    @pytest.fixture
    def found(self, monkeypatch: pytest.MonkeyPatch) -> Run:
        found = a_run()

        async def run(*_: object) -> Run:
            return found

        monkeypatch.setattr(command, "run", run)
        return found

    def ends(self, *options: str) -> int:
        return execute(options_of("--url", "http://127.0.0.1:8000", *options), lambda _: None)

    def test_is_status_nought_when_nothing_was_broken(self, found: Run, tmp_path: Path) -> None:
        assert self.ends("--json", str(tmp_path / "result.json")) == 0
        assert json.loads((tmp_path / "result.json").read_text())["verdict"] == "passed"

    def test_of_a_house_that_died_is_written_and_no_success(self, found: Run, tmp_path: Path) -> None:
        found.fail("At rest the house did not show its seats.")

        assert self.ends("--json", str(tmp_path / "result.json")) == EXIT_NOT_RUN

        document = json.loads((tmp_path / "result.json").read_text())
        assert (document["verdict"], document["notes"]) == ("incomplete", found.failures)

    def test_tells_of_a_breach_whatever_else_went_wrong(
        self, found: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(*_: object) -> str:
            raise ZeroDivisionError

        monkeypatch.setattr(command, "draw", fail)
        found.fail("At rest the house did not show its seats.")
        found.evidence.note(Breach("kept", "A1 is lost", 5, ("g1",)))
        files = "--html", str(tmp_path / "result.html"), "--json", str(tmp_path / "result.json")

        assert self.ends(*files) == EXIT_BREACHED

        assert "result.html could not be written" in capsys.readouterr().err
        assert json.loads((tmp_path / "result.json").read_text())["verdict"] == "breached"


class TestARedirect:
    """It must not carry the load to another machine."""

    def test_of_http_is_not_followed(self, stranger: Stranger, capsys: pytest.CaptureFixture[str]) -> None:
        with answering() as other:
            stranger.status, stranger.location = 302, other.url

            assert execute(options_of("--url", stranger.url, "--no-ceiling")) == EXIT_NOT_RUN

            assert "302" in capsys.readouterr().err
            assert (stranger.asked, other.asked) == (["/api/v1/shows"], [])

    async def test_of_a_socket_is_not_followed(self, stranger: Stranger) -> None:
        with answering() as other:
            stranger.status, stranger.location = 302, other.url.replace("http", "ws")
            world = World(url=stranger.url, show=a_show(), seed="7")

            with pytest.raises(WSError):
                await Socket(world, "v0").connect()

            assert (stranger.asked, other.asked) == (["/ws/shows/1/"], [])


class TestASocketThatIsNotLetIn:
    """Before the start all are let in, or it is said who is not; nobody waits for ever."""

    @pytest.fixture
    def world(self, stranger: Stranger) -> World:
        stranger.status = 404
        return World(url=stranger.url, show=a_show(), seed="7")

    async def test_ends_the_run_with_the_reason(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stage, "SEATED_WITHIN_SECONDS", 0.0)

        with pytest.raises(NotServed, match=r"the socket of v0 was not let in: .* received 404"):
            await a_stage(world).connect([Socket(world, "v0")])

    async def test_is_told_apart_when_there_are_too_many(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stage, "SEATED_WITHIN_SECONDS", 0.0)
        socket = Socket(world, "v0")
        socket.close_code = TOO_MANY_CODE

        with pytest.raises(NotServed, match="too_many_sockets: v0 was turned away"):
            await a_stage(world).connect([socket])

    async def test_tries_no_longer_when_the_run_is_stopped(self, world: World) -> None:
        world.stopped.set()

        assert not await Socket(world, "v0").connect_patiently(world.random("v0"), within_seconds=10_000)

    @pytest.mark.parametrize(
        ("url", "sockets_url"),
        [
            ("HTTP://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/shows/1/"),
            ("https://house.example/http", "wss://house.example/http/ws/shows/1/"),
        ],
    )
    def test_is_asked_for_where_the_house_is(self, url: str, sockets_url: str) -> None:
        assert World(url=url, show=a_show(), seed="7").sockets_url == sockets_url


class TestAnOption:
    @pytest.mark.parametrize(
        "wrong",
        [
            ["--scenario", "chaos"],
            ["--grabbers", "0"],
            ["--viewers", "-1"],
            ["--viewers", "200001"],
            ["--duration", "0"],
            ["--duration", "nan"],
            ["--duration", "86401"],
            ["--processes", "0"],
            ["--processes", "65"],
        ],
    )
    def test_that_makes_no_sense_ends_with_the_same_status(
        self, capsys: pytest.CaptureFixture[str], wrong: list[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            options_of("--url", "http://127.0.0.1:8000", *wrong)

        assert ended.value.code == EXIT_NOT_RUN
        assert wrong[0] in capsys.readouterr().err

    def test_lists_the_scenarios_without_a_house(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            options_of("--list")

        assert ended.value.code == 0
        listed = capsys.readouterr().out
        assert all(f"{name} " in listed and scenario.about in listed for name, scenario in SCENARIOS.items())
