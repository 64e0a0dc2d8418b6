"""The conversation with the MQTT broker: connection, subscriptions, acknowledgements. All of paho is here."""

import logging
import socket
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import (
    PUBACK,
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
    MQTTv5,
    MQTTv311,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.core.settings import Settings
from app.sensors.arrivals import Arrival
from app.sensors.dialect import Dialect
from app.sensors.ledger import Ledger
from app.sensors.wire import BufferedSocket

log = logging.getLogger("backfinca.mqtt")

SESSION_DAYS = 7
STUMBLE_S = 1.0
MOST_IN_FLIGHT = 2000
UNSUPPORTED_PROTOCOL = 132
SEND_RETAINED, NO_RETAINED = 0, 2


class BatchClient(Client):
    """paho, for many messages a second: it asks the system for every few bytes and announces each packet.

    Here it reads what came in one go, and sends the acknowledgements of a batch as one piece. What nobody foresaw costs
    it the connection and not its thread: without that, ingest would look connected and hear nothing.
    """

    def loop_forever(self, *patience: Any, **more: Any) -> MQTTErrorCode:
        """Converses until told to end."""
        while True:
            try:
                return super().loop_forever(*patience, **more)
            except Exception:
                log.exception("the conversation with the broker stumbled")
                time.sleep(STUMBLE_S)
                with suppress(OSError):
                    self.reconnect()

    def _create_socket(self) -> Any:
        wire = super()._create_socket()
        return BufferedSocket(wire) if isinstance(wire, socket.socket) else wire

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Reads packets for as long as some are here."""
        code = super().loop_read(max_packets)
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS:
            wire = self.socket()
            if not isinstance(wire, BufferedSocket) or not wire.pending():
                break
            code = super().loop_read(max_packets)
        return code

    def acknowledge(self, mids: list[int]) -> None:
        """Acknowledges QoS 1 messages, in this order."""
        packets = b"".join([struct.pack("!BBH", PUBACK, 2, mid) for mid in mids])
        if packets:
            self._packet_queue(PUBACK, packets, mids[-1], 1)


class Subscriber:
    """One persistent session. Hands every message to `take` and acknowledges it when told to.

    `take` answers False when it has no room; the broker then delivers the message again on a new connection.
    """

    def __init__(self, settings: Settings, take: Callable[[Arrival], bool]) -> None:
        self._settings = settings
        self._take = take
        # Sharing needs MQTT 5.
        fixed = settings.mqtt_protocol != "auto" or bool(settings.mqtt_share_group)
        version = "3.1.1" if settings.mqtt_protocol == "3.1.1" else "5"
        self._dialect = Dialect(version, self._hang_up, fixed=fixed)
        self._ledger = Ledger()
        self._ending = False
        self._client = self._new_client()
        self.connected = False

    @property
    def protocol(self) -> str:
        """The version spoken, or tried at present."""
        return self._dialect.version

    def start(self) -> None:
        """Connects, now or as soon as the broker is there, and stays connected."""
        self._client.loop_start()

    def pause(self) -> None:
        """Takes no more messages: the broker keeps them for the next time."""
        self._ending = True

    def stop(self) -> None:
        """Says goodbye, after the acknowledgements still on their way out."""
        self._ending = True
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, arrivals: Iterable[Arrival]) -> None:
        """Tells the broker that these are stored. Those of an earlier connection it will deliver again."""
        self._client.acknowledge(self._ledger.settle(arrivals))

    def abandon(self, arrivals: Iterable[Arrival]) -> None:
        """Forgets messages that were not stored, and connects anew so that the broker delivers them again."""
        self._ledger.settle(arrivals)
        self._hang_up()

    def _new_client(self) -> BatchClient:
        url = urlsplit(self._settings.mqtt_url)
        tls = url.scheme == "mqtts"
        v5 = self.protocol == "5"
        client = BatchClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.mqtt_client_id,
            clean_session=None if v5 else False,
            protocol=MQTTv5 if v5 else MQTTv311,
            manual_ack=True,
        )
        client.on_socket_open = self._on_socket_open
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.reconnect_delay_set(1, 30)
        if url.username:
            client.username_pw_set(unquote(url.username), unquote(url.password or ""))
        if tls:
            settings = self._settings
            client.tls_set(settings.mqtt_ca_file, settings.mqtt_cert_file, settings.mqtt_key_file)
        host, port = url.hostname or "localhost", url.port or (8883 if tls else 1883)
        lasting: dict[str, Any] = (
            {"clean_start": False, "properties": self._session_properties()} if v5 else {}
        )
        client.connect_async(host, port, self._settings.mqtt_keepalive_s, **lasting)
        return client

    def _session_properties(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        # A message is known again by its raw copy: the broker must not keep it for longer than we do.
        properties.SessionExpiryInterval = min(SESSION_DAYS, self._settings.raw_retention_days) * 86_400
        properties.ReceiveMaximum = min(self._settings.mqtt_queue_size // 2, MOST_IN_FLIGHT)
        return properties

    def _on_socket_open(self, _client: Client, _data: Any, _wire: Any) -> None:
        self._dialect.opened()

    def _on_connect(
        self, client: Client, _data: Any, flags: ConnectFlags, reason: ReasonCode, *_more: Any
    ) -> None:
        if reason.is_failure:
            log.error("the broker refuses us: %s", reason)
            self._dialect.refused(version_unknown=reason.value == UNSUPPORTED_PROTOCOL)
            return
        self._ledger.connected(session_kept=flags.session_present)
        self._dialect.understood()
        client.subscribe(self._subscriptions())

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], *_more: Any
    ) -> None:
        """Only now does the broker send, or keep, what is published."""
        for topic, reason in zip(self._settings.mqtt_topics, reasons, strict=False):
            if reason.is_failure:
                log.error("the broker refuses the subscription to %s: %s", topic, reason)
        self.connected = True
        log.info("subscribed by MQTT %s", self.protocol)

    def _subscriptions(self) -> list[Any]:
        """Every topic by QoS 1; a group shares the load. Only availability wants retained messages."""
        topics = self._settings.mqtt_topics
        if self.protocol != "5":
            return [(topic, 1) for topic in topics]
        group = self._settings.mqtt_share_group
        return [
            (
                f"$share/{group}/{topic}" if group else topic,
                SubscribeOptions(
                    qos=1, retainHandling=SEND_RETAINED if topic.endswith("/status") else NO_RETAINED
                ),
            )
            for topic in topics
        ]

    def _on_disconnect(
        self, client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, *_more: Any
    ) -> None:
        self.connected = False
        other_version = self._dialect.lost()
        if self._ending or client is not self._client:
            return
        log.warning("disconnected from the broker: %s", reason)
        if other_version:
            log.warning("trying MQTT %s", self.protocol)
            client.loop_stop()
            self._client = self._new_client()
            self._client.loop_start()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "\N{REPLACEMENT CHARACTER}"
        arrival = Arrival(
            topic,
            bytes(message.payload),
            time.time_ns() // 1_000_000,
            message.qos,
            message.mid,
            message.dup,
            message.retain,
            self._ledger.connection,
            self._ledger.session,
        )
        if self._ending or (arrival.qos and not self._ledger.enter(arrival)):
            return
        try:
            taken = self._take(arrival)
        except Exception:
            # Delivered again, it must not pass for one that waits here.
            self._ledger.settle([arrival])
            raise
        if not taken and arrival.qos:
            self.abandon([arrival])

    def _hang_up(self) -> None:
        wire = self._client.socket()
        if isinstance(wire, BufferedSocket):
            with suppress(OSError):
                wire.hang_up()
