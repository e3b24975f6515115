"""Grabbing as a plain Django view does it: lock the seat's row, look, write, all in one transaction.

Baseline of the grab benchmarks, and a friendly one: no middleware, no session, and a table of its own that has
nothing but seats. It tells nobody else of a win.
"""

import json
import uuid
from typing import Final

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.bench.peers.plain_consumer import INSERT

TABLE: Final = """
CREATE TABLE IF NOT EXISTS peer_seat (
    show_id bigint, seat_index smallint, holder varchar(64) NOT NULL DEFAULT '', PRIMARY KEY (show_id, seat_index)
)
"""
LOCK: Final = "SELECT holder FROM peer_seat WHERE show_id = %s AND seat_index = %s FOR UPDATE"
TAKE: Final = "UPDATE peer_seat SET holder = %s WHERE show_id = %s AND seat_index = %s"


def grab(request: HttpRequest, show_id: int) -> HttpResponse:
    """`{"holder", "seat"}` → `held` or `refused`."""
    asked = json.loads(request.body)
    holder, seat = asked["holder"], asked["seat"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [show_id, seat])
        row = cursor.fetchone()
        if row is None or row[0]:
            return _json(b'{"type":"refused","code":"seats_unavailable"}')
        cursor.execute(TAKE, [holder, show_id, seat])
        cursor.execute(INSERT, [uuid.uuid4(), show_id, holder, seat])
    return _json(b'{"type":"held"}')


def _json(body: bytes) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", headers={"Content-Length": str(len(body))})


urlpatterns = [path("grab/<int:show_id>/", grab)]
