"""Settings of the peers: the house's own database and Redis, the channel layer as `PEER_LAYER` says.

With `PEER_POOL` set database connections come from a pool, as views under ASGI need it: each of their requests has a
thread of its own, and a connection that stays open in each would soon be one too many.
"""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES, REDIS_URL, redis_url_with_database

ASGI_APPLICATION = "tests.bench.peers.asgi.application"
ROOT_URLCONF = "tests.bench.peers.locking_view"
MIDDLEWARE = []
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": {
            "core": "channels_redis.core.RedisChannelLayer",
            "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
        }[os.environ.get("PEER_LAYER", "core")],
        "CONFIG": {"hosts": [redis_url_with_database(REDIS_URL, 1)]},
    }
}
# In favour of the peers: a connection for each query would make them slower still.
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
if os.environ.get("PEER_POOL"):
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 4, "max_size": 20, "timeout": 30}}
