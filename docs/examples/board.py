"""A lobby board in a terminal, with nothing but the websockets package: board.py HOUSE THEATRE"""

import asyncio
import json
import random
import sys
import urllib.request

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


def guest_token(house: str) -> str:
    request = urllib.request.Request(f"{house}/api/v1/guests", method="POST")
    with urllib.request.urlopen(request, timeout=10) as reply:
        token: str = json.load(reply)["token"]
    return token


async def follow(house: str, theatre: str) -> None:
    url = f"{house.replace('http', 'ws', 1)}/ws/theatres/{theatre}/board/"
    async with connect(url, subprotocols=["housefull.v1", f"token.{guest_token(house)}"]) as socket:
        while frame := json.loads(await asyncio.wait_for(socket.recv(), timeout=10)):
            for show in frame.get("shows", ()):
                print(show["starts_at"], show["screen"], show["movie"], show["available"], show["status"], flush=True)


async def main(house: str, theatre: str) -> None:
    while True:
        try:
            await follow(house, theatre)
        except (OSError, TimeoutError, WebSocketException) as error:
            closed = getattr(error, "rcvd", None)
            if closed is not None and closed.code >= 4500:
                sys.exit(f"the house says: do not come back ({closed.code})")
            print(f"not live: {error or 'silence'}", file=sys.stderr, flush=True)
            await asyncio.sleep(0.5 + random.random() / 2)


asyncio.run(main(*sys.argv[1:3]))
