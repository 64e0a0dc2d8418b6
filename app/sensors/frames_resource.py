"""The earlier clients' door: native WebSocket /ws/mqtt/ with one flattened frame per message. Read-only."""

import json
from queue import Empty
from typing import Any

from app.core.access import allow
from app.core.bus import bus
from app.core.extensions import sock
from app.sensors.admission import PERMISSION, Admission
from app.sensors.stored import Stored
from app.users import guard

TOPIC = "frames"
WAIT_S = 1.0
# A screen cannot show more; a burst of a gateway's history is stored, not replayed on it.
FRAMES_A_BATCH = 50
POLICY_VIOLATION = 1008


def frames_of(stored: Stored) -> list[dict[str, Any]]:
    """A committed batch as the earlier system's frames: every numeric key of each message, flattened."""
    samples = [sample for entry in stored.entries for sample in entry.samples]
    return [
        {**{channel.key: value for channel, value in sample.values.items()}, "type": "sensor_data"}
        for sample in samples[-FRAMES_A_BATCH:]
        if sample.values
    ]


@sock.route("/ws/mqtt/")
@allow(PERMISSION)
def frames(ws: Any) -> None:
    """Sends each message's frame until the client goes; what the client says is read and dropped."""
    admission = Admission(guard.present())
    with bus().subscribe(TOPIC) as queue:
        while ws.connected:
            while ws.receive(timeout=0) is not None:
                pass
            if not admission.holds():
                ws.close(POLICY_VIOLATION, "La sesión terminó")
                return
            try:
                ws.send(json.dumps(queue.get(timeout=WAIT_S)))
            except Empty:
                continue
