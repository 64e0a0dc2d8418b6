"""The earlier clients' door: native WebSocket /ws/mqtt/ with one flattened frame per message. Read-only."""

import json
from queue import Empty
from typing import Any

from app.core.access import allow
from app.core.bus import bus
from app.core.extensions import sock

TOPIC = "frames"
WAIT_S = 1.0
# A screen cannot show more; a burst of a gateway's history is stored, not replayed on it.
FRAMES_A_BATCH = 50


def frame_of(values: dict[str, float]) -> dict[str, Any]:
    """The earlier system's frame: every numeric key of the message, flattened."""
    return {**values, "type": "sensor_data"}


@sock.route("/ws/mqtt/")
@allow("sensors.view")
def frames(ws: Any) -> None:
    """Sends each message's frame until the client goes; what the client says is read and dropped."""
    with bus().subscribe(TOPIC) as queue:
        while ws.connected:
            while ws.receive(timeout=0) is not None:
                pass
            try:
                ws.send(json.dumps(queue.get(timeout=WAIT_S)))
            except Empty:
                continue
