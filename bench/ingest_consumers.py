"""What ingest is compared with: a consumer that commits each message through the ORM, and one that only counts."""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from app.sensors.arrivals import Arrival
from app.sensors.decoder import Limits, decode
from app.sensors.models import Channel, Device, Message, Reading


class OrmConsumer:
    """Stores the same rows as ingest, one transaction a message, in the callback."""

    def __init__(self, url: str) -> None:
        self._session = Session(create_engine(url))
        rows = self._session.execute(select(Device.code, Device.id, Channel.key, Channel.id).join(Channel))
        self._channels = {(code, key): (device, channel) for code, device, key, channel in rows}
        self._session.rollback()

    def __call__(self, _client: Client, _data: Any, message: Any) -> None:
        now_ms = int(time.time() * 1000)
        decoded = decode(message.topic, message.payload, now_ms, Limits())
        ts_ms, values = decoded.samples[0]
        if ts_ms is None:
            return
        digest = Arrival(message.topic, message.payload, now_ms).digest
        device_id = self._channels[decoded.device_code, "presion"][0]
        self._session.add(
            Message(
                device_id=device_id,
                ts_ms=ts_ms,
                digest=digest,
                received_ms=now_ms,
                topic=message.topic,
                payload=message.payload,
            )
        )
        for key, value in values.items():
            channel_id = self._channels[decoded.device_code, key][1]
            self._session.add(Reading(channel_id=channel_id, ts_ms=ts_ms, value=value))
        self._session.commit()


class Counter:
    """Stores nothing; writes how many came, now and then, for the bench to read."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._count = 0

    def __call__(self, _client: Client, _data: Any, _message: Any) -> None:
        self._count += 1
        if self._count % 100 == 0:
            self._path.write_text(str(self._count))


def main() -> None:
    kind, target, port = sys.argv[1:4]
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"bench-{kind}")
    client.on_message = OrmConsumer(target) if kind == "orm" else Counter(target)
    client.on_connect = lambda *_told: client.subscribe("finca/+/telemetry", qos=1)
    client.connect("127.0.0.1", int(port))
    client.loop_forever()


if __name__ == "__main__":
    main()
