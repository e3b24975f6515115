"""Grabbing as a plain consumer does it: one Redis call for each grab, one database call for each win.

Baseline of the grab benchmarks, and a friendly one: the lock is a single SET NX, both rows are one statement on a
connection that stays open, and a win is broadcast to nobody.
"""

import json
import uuid
from typing import Any

import redis.asyncio as redis
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.db import connection

HOLD_SECONDS = 600
INSERT = """
WITH booking AS (
    INSERT INTO bookings_booking (id, show_id, holder, status, expires_at)
    VALUES (%s, %s, %s, 'pending', now() + interval '600 seconds') RETURNING id, show_id
)
INSERT INTO bookings_seatclaim (show_id, seat_index, booking_id, price_paise)
SELECT show_id, %s, id, 25000 FROM booking
"""

_client: redis.Redis | None = None


def _redis() -> redis.Redis:
    global _client
    if _client is None:
        _client = redis.Redis.from_url(settings.REDIS_URL)
    return _client


class PlainConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """One customer of one show."""

    async def receive_json(self, content: dict[str, Any], **_: Any) -> None:
        """`{"id", "seat"}` → `held` or `refused`."""
        place = self.scope["url_route"]["kwargs"]
        show_id, seat = place["show_id"], int(content["seat"])
        key = f"plain:{show_id}:{seat}"
        if not await _redis().set(key, place["holder"], nx=True, ex=HOLD_SECONDS):
            await self.send_json({"type": "refused", "id": content["id"], "code": "seats_unavailable"})
            return
        await _insert(show_id, place["holder"], seat)
        await self.send_json({"type": "held", "id": content["id"]})

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        """Without the spaces."""
        return json.dumps(content, separators=(",", ":"))


@database_sync_to_async  # type: ignore[untyped-decorator]  # Channels has no hints
def _insert(show_id: int, holder: str, seat: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [uuid.uuid4(), show_id, holder, seat])
