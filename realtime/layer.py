"""The channel layer of the rooms: channels_redis' pub/sub layer with a cheaper and more honest receive path.

Wire format, channel names and API are channels_redis' own. What differs is the subscribing connection: hiredis
parses what one read brought and hands it out at once, a subscribe waits for Redis' acknowledgement, a silent
connection is noticed, and a lost subscription is made again and reported (channels_redis does none of these).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)

from realtime.redis_subscriber import Subscriber, SubscriptionLost

logger = logging.getLogger(__name__)

Message: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[Message], None]

SUBSCRIBE_SECONDS: Final = 2.0
RECONNECT_SECONDS_MIN: Final = 0.02
RECONNECT_SECONDS_MAX: Final = 1.0


class SeatLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """The configured backend: one SeatLoopLayer per event loop."""

    def _get_layer(self) -> "SeatLoopLayer":
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            super()._get_layer()
            self._layers[loop] = SeatLoopLayer(*self._args, **self._kwargs, channel_layer=self)
        layer: SeatLoopLayer = self._layers[loop]
        return layer


class SeatLoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]
    """The layer of one event loop. `on_restored` is called when every lost subscription works again."""

    _shards: list["SubscribingConnection"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shards = [SubscribingConnection(shard.host, self) for shard in self._shards]
        self.on_restored: Callable[[], None] | None = None

    def attach(self, channel: str, handler: Handler, *, on_restored: Callable[[], None]) -> None:
        """Hand the messages of an in-process channel to `handler` at once, with no queue and no task between.

        The channel can then be added to groups like any other; `receive` must not be called for it.
        """
        self.channels[channel] = _Sink(self.channel_layer.deserialize, handler)
        self.on_restored = on_restored


class _Sink:
    """Stands where channels_redis keeps a channel's queue."""

    __slots__ = ("_deserialize", "_handler")

    def __init__(self, deserialize: Callable[[bytes], Message], handler: Handler) -> None:
        self._deserialize = deserialize
        self._handler = handler

    def put_nowait(self, data: bytes) -> None:
        self._handler(self._deserialize(data))


class SubscribingConnection(RedisSingleShardConnection):  # type: ignore[misc]
    """One Redis server of the layer: publishing as inherited, subscribing over a connection of its own."""

    _receive_task: asyncio.Task[None] | None

    def __init__(self, host: dict[str, Any], channel_layer: SeatLoopLayer) -> None:
        super().__init__(host, channel_layer)
        self._subscriber: Subscriber | None = None
        self._unacknowledged: dict[str, asyncio.Future[None]] = {}
        # After a loss: what is not acknowledged again yet.
        self._restoring: set[str] = set()

    # --- what the layer calls

    async def subscribe(self, channel: str) -> None:
        """Subscribe and wait until Redis says so. Raises TimeoutError; the wish is kept for Redis' return."""
        if channel in self._subscribed_to and channel not in self._unacknowledged:
            return
        self._subscribed_to.add(channel)
        acknowledged = self._unacknowledged.setdefault(channel, asyncio.get_running_loop().create_future())
        if self._receive_task is None:
            self._receive_task = asyncio.create_task(self._keep_subscribed(), name="layer-subscriber")
        elif self._subscriber is not None:
            self._subscriber.send("SUBSCRIBE", channel)
        async with asyncio.timeout(SUBSCRIBE_SECONDS):
            await asyncio.shield(acknowledged)

    async def unsubscribe(self, channel: str) -> None:
        """Forget the channel; messages still on their way for it are dropped."""
        self._subscribed_to.discard(channel)
        self._unacknowledged.pop(channel, None)
        self._restoring.discard(channel)
        if self._subscriber is not None:
            self._subscriber.send("UNSUBSCRIBE", channel)

    async def flush(self) -> None:
        """Close both connections; either opens again when it is needed."""
        await super().flush()
        self._unacknowledged.clear()

    # --- staying subscribed

    async def _keep_subscribed(self) -> None:
        """Stay connected until cancelled; say so each time a loss was repaired."""
        failures = 0
        lost = False
        while True:
            subscriber = None
            try:
                subscriber = await Subscriber.open(
                    self.host["address"],
                    name="housefull-layer",
                    deliver=self._deliver,
                    acknowledge=self._acknowledge,
                )
                self._restoring = set(self._subscribed_to) if lost else set()
                if self._subscribed_to:
                    subscriber.send("SUBSCRIBE", *self._subscribed_to)
                self._subscriber = subscriber
                failures = 0
                await subscriber.ended
            except SubscriptionLost as error:
                failures, lost = failures + 1, True
                logger.warning("layer subscription lost, trying again: %s", error)
            finally:
                self._subscriber = None
                if subscriber is not None:
                    subscriber.close()
            await asyncio.sleep(min(RECONNECT_SECONDS_MIN * 2**failures, RECONNECT_SECONDS_MAX))

    def _acknowledge(self, name: str) -> None:
        if name in self._restoring:
            self._restoring.discard(name)
            if not self._restoring and self.channel_layer.on_restored is not None:
                self.channel_layer.on_restored()
        waiter = self._unacknowledged.pop(name, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _deliver(self, name: str, data: bytes) -> None:
        channels = self.channel_layer.channels
        for channel in (name,) if name in channels else tuple(self.channel_layer.groups.get(name, ())):
            if channel in channels:
                try:
                    channels[channel].put_nowait(data)
                except Exception:
                    # The boundary of a message: one that nobody understands must not cost the connection.
                    logger.exception("a message to %s could not be taken", name)
