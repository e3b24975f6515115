"""The seat map as tutorials teach it: a consumer per viewer in one group, `group_send` for each change.

Baseline of the fan-out benchmark. Each viewer's handler encodes the change anew and sends it by itself.
"""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer


class TutorialConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """One viewer of one show."""

    async def connect(self) -> None:
        """Join the group of the show."""
        self.group = f"seats_{self.scope['url_route']['kwargs']['show_id']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send_json({"type": "snapshot", "version": 0})

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def seats_changed(self, event: dict[str, Any]) -> None:
        """A change of the group: tell the viewer."""
        await self.send_json(event["message"])
