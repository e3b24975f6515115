"""Our Lua scripts publish in the channel layer's own format: the real layer reads them."""

import redis
from channels_redis.pubsub import RedisPubSubChannelLayer

from bookings.api import BoxOffice
from bookings.models import Show
from config.settings import redis_url_with_database
from tests.support.witness import HOLD_MS, redis_url_of


class TestChannelLayer:
    async def test_reads_what_the_scripts_publish(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis
    ) -> None:
        await box_office.picture(show.pk)
        url = redis_url_with_database(redis_url_of(redis_client), 1)
        layer = RedisPubSubChannelLayer(hosts=[url])
        channel = await layer.new_channel()
        await layer.group_add(f"show.{show.pk}", channel)

        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        changes = await layer.receive(channel)
        mine = await layer.receive(channel)
        await layer.flush()

        assert changes == {
            "type": "show.changes",
            "show": show.pk,
            "epoch": (await box_office.picture(show.pk)).epoch,
            "from": (held.version or 0) - 1,
            "version": held.version,
            "ms": held.expires_ms - HOLD_MS,
            "changes": [[0, "H", held.expires_ms]],
        }
        assert mine == {
            "type": "show.mine",
            "show": show.pk,
            "holds": [
                {
                    "holder": "holder",
                    "booking": held.booking,
                    "status": "pending",
                    "expires_ms": held.expires_ms,
                    "amount_paise": held.amount_paise,
                    "seats": [0],
                }
            ],
            # An empty Lua table is an array to cmsgpack.
            "ended": [],
        }
