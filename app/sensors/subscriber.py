"""The conversation with the MQTT broker: connection, subscriptions, acknowledgements. All of paho is here."""

import logging
import socket
import struct
import threading
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
from app.sensors.ledger import Ledger
from app.sensors.wire import BufferedSocket

log = logging.getLogger("backfinca.mqtt")

SESSION_DAYS = 7
MOST_IN_FLIGHT = 2000
UNSUPPORTED_PROTOCOL = 132
# A broker that hangs up on our greeting may be just stopping; one that says nothing does not understand it.
FAILURES_BEFORE_SWITCH = 2
GREETING_S = 3.0
SEND_RETAINED, NO_RETAINED = 0, 2
NAMES = {MQTTv5: "5", MQTTv311: "3.1.1"}


class BatchClient(Client):
    """paho, for many messages a second: it asks the system for every few bytes and announces each packet.

    Here it reads what came in one go, and sends the acknowledgements of a batch as one piece.
    """

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
        self._version = MQTTv311 if settings.mqtt_protocol == "3.1.1" else MQTTv5
        self._ledger = Ledger()
        self._greeted = self._speaks_5 = False
        self._failures = 0
        self._patience = threading.Timer(GREETING_S, self._lose_patience)
        self._ending = False
        self._client = self._new_client()
        self.connected = False

    @property
    def protocol(self) -> str:
        """The version spoken, or tried at present."""
        return NAMES[self._version]

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
        v5 = self._version == MQTTv5
        client = BatchClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.mqtt_client_id,
            clean_session=None if v5 else False,
            protocol=self._version,
            manual_ack=True,
        )
        client.on_socket_open = self._on_socket_open
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
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

    def _on_socket_open(self, client: Client, userdata: Any, wire: Any) -> None:
        self._greeted = False
        if self._may_switch:
            self._patience = threading.Timer(GREETING_S, self._lose_patience)
            self._patience.daemon = True
            self._patience.start()

    @property
    def _may_switch(self) -> bool:
        """Sharing needs MQTT 5, and so does a broker that spoke it before."""
        settings = self._settings
        return settings.mqtt_protocol == "auto" and not settings.mqtt_share_group and not self._speaks_5

    def _lose_patience(self) -> None:
        if not self._greeted:
            self._failures = FAILURES_BEFORE_SWITCH
            self._hang_up()

    def _on_connect(
        self,
        client: Client,
        userdata: Any,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.error("the broker refuses us: %s", reason)
            # A refusal in MQTT 5 is an answer in MQTT 5; only this one means that it cannot speak it.
            self._greeted = reason.value != UNSUPPORTED_PROTOCOL
            return
        self._ledger.connected(session_kept=flags.session_present)
        self._greeted, self._failures = True, 0
        self._speaks_5 = self._version == MQTTv5
        client.subscribe(self._subscriptions())
        self.connected = True
        log.info("connected to the broker by MQTT %s", self.protocol)

    def _subscriptions(self) -> list[Any]:
        """Every topic by QoS 1; a group shares the load. Only availability wants retained messages."""
        topics = self._settings.mqtt_topics
        if self._version != MQTTv5:
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
        self,
        client: Client,
        userdata: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self.connected = False
        self._patience.cancel()
        if self._ending or client is not self._client:
            return
        log.warning("disconnected from the broker: %s", reason)
        if not self._greeted and self._may_switch:
            self._failures += 1
            if self._failures >= FAILURES_BEFORE_SWITCH:
                self._switch_protocol(client)

    def _switch_protocol(self, client: Client) -> None:
        """The broker hangs up on our greeting: perhaps it speaks the other version."""
        self._failures = 0
        self._version = MQTTv311 if self._version == MQTTv5 else MQTTv5
        log.warning("trying MQTT %s", self.protocol)
        client.loop_stop()
        self._client = self._new_client()
        self._client.loop_start()

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
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
        if not self._take(arrival) and arrival.qos:
            self.abandon([arrival])

    def _hang_up(self) -> None:
        wire = self._client.socket()
        if isinstance(wire, BufferedSocket):
            with suppress(OSError):
                wire.hang_up()
