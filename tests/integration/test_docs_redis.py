"""docs/redis.md, run: every command it shows, at the moment it shows it, answers in the shape it shows."""

import asyncio
import re
import shlex
from pathlib import Path

import redis
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from tests.support.cinema import make_show
from tests.support.patience import PATIENCE_SECONDS
from tests.support.witness import redis_url_of

PAGE = Path(__file__).parents[2] / "docs" / "redis.md"
HOLDER = "6ASIIHzjpq1NcvAL"
SHOW_IN_PAGE = "{24}"


def commands_of(block: str) -> list[tuple[str, list[str]]]:
    """(command, shown reply lines) of a console block."""
    shown: list[tuple[str, list[str]]] = []
    for line in block.strip().splitlines():
        if line.startswith("$ "):
            shown.append((line.removeprefix("$ redis-cli "), []))
        else:
            shown[-1][1].append(line)
    return shown


def shape_of(text: str) -> str:
    """The text with what differs from run to run (ids, digests, times) made equal."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "<booking>", text)
    text = re.sub(r"\b[0-9a-f]{40}\b|\bk[0-9a-f]{8}\b", "<hex>", text)
    return re.sub(r"\b\d{6,}\b", "<ms>", text)


def run(client: "redis.Redis", command: str, show_id: int) -> str:
    """The reply as redis-cli prints it: one line an item."""
    words = [word.replace(SHOW_IN_PAGE, f"{{{show_id}}}") for word in shlex.split(command)]
    reply = client.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py's stub has none
    if isinstance(reply, dict):
        reply = [item for pair in reply.items() for item in pair]
    if isinstance(reply, list):
        flat = [part for item in reply for part in (item if isinstance(item, list | tuple) else [item])]
        return "\n".join(str(round(item) if isinstance(item, float) else item) for item in flat)
    return str(reply)


class TestRedisPage:
    async def test_shows_what_redis_answers(self, box_office: BoxOffice, redis_client: "redis.Redis") -> None:
        before, during, after, ready = re.findall(
            r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
        )
        show = await sync_to_async(make_show)()
        await box_office.picture(show.pk)

        self.compare(before, redis_client, show.pk)
        await box_office.hold(show_id=show.pk, holder=HOLDER, labels=["A1", "A2"])
        await self.until_committed(redis_client, show.pk)
        self.compare(during, redis_client, show.pk)
        seen = set(redis_client.scan_iter())
        await box_office.release(show_id=show.pk, holder=HOLDER)
        self.compare(after, redis_client, show.pk)
        seen |= set(redis_client.scan_iter())
        self.compare(ready, redis_client, show.pk)

        left = [key for key in redis_client.scan_iter() if key.startswith(("seat_lock", "seat_res", "res", "hold"))]
        assert left == []
        as_listed = {key.replace(f"{{{show.pk}}}", SHOW_IN_PAGE).replace(HOLDER, "<holder>") for key in seen}
        assert as_listed - {"seat_lock:{24}:A2"} == set(
            re.findall(
                r"^\| `([^`]+:[^`]+)` \| [^|]+ \| (?:yes|no).*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
            )
        )

    async def test_keeps_nothing_in_the_layers_database(
        self, box_office: BoxOffice, redis_client: "redis.Redis"
    ) -> None:
        show = await sync_to_async(make_show)()
        await box_office.hold(show_id=show.pk, holder=HOLDER, labels=["A1"])

        with redis.Redis.from_url(f"{redis_url_of(redis_client).removesuffix('/0')}/1") as layer:
            assert layer.dbsize() == 0

    @staticmethod
    def compare(block: str, client: "redis.Redis", show_id: int) -> None:
        for command, shown in commands_of(block):
            assert shape_of(run(client, command, show_id)) == shape_of("\n".join(shown)), command

    @staticmethod
    async def until_committed(client: "redis.Redis", show_id: int) -> None:
        """The hold is marked as proven right after its holder was told."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while " 1 " not in run(client, f"HVALS holds:{SHOW_IN_PAGE}", show_id):  # noqa: ASYNC110 — a key
                await asyncio.sleep(0)
