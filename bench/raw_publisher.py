"""A publisher that is not the bottleneck: packets encoded beforehand, a raw socket, QoS 1 with a window."""

import json
import select
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.mqtt_simulator import Plant, topics

WINDOW = 800
STEP_S = 0.1


def packet(kind: int, body: bytes) -> bytes:
    """An MQTT 3.1.1 packet with its remaining length."""
    length, head = len(body), bytearray([kind])
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | (128 if length else 0))
        if not length:
            return bytes(head) + body


def publish_packet(topic: str, payload: bytes, mid: int) -> bytes:
    """A QoS 1 PUBLISH."""
    name = topic.encode()
    return packet(0x32, struct.pack("!H", len(name)) + name + struct.pack("!H", mid) + payload)


def encode(count: int, devices: int, start_s: float) -> list[bytes]:
    """The simulator's eight-key messages with their instants, the devices in turn."""
    plants, where = [Plant(n) for n in range(devices)], topics("", devices)
    packets = []
    for n in range(count):
        at_s = start_s + n // devices * STEP_S
        body = {**plants[n % devices].read(at_s, STEP_S), "timestamp": round(at_s, 3)}
        packets.append(publish_packet(where[n % devices], json.dumps(body).encode(), n % 65_535 + 1))
    return packets


def send(port: int, packets: list[bytes]) -> float:
    """Publishes them with at most WINDOW unacknowledged; the seconds until the last acknowledgement."""
    wire = socket.create_connection(("127.0.0.1", port))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.sendall(packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x05bench"))
    wire.recv(4)
    started, sent, received = time.perf_counter(), 0, 0
    while received < 4 * len(packets):
        room = WINDOW - (sent - received // 4)
        if room > 0 and sent < len(packets):
            wire.sendall(b"".join(packets[sent : sent + min(room, 200)]))
            sent += len(packets[sent : sent + min(room, 200)])
        wait_s = 0 if sent < len(packets) and sent - received // 4 < WINDOW else 5
        if select.select([wire], [], [], wait_s)[0]:
            received += len(wire.recv(65_536))
    wire.close()
    return time.perf_counter() - started


if __name__ == "__main__":
    port, count, devices, start = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    prepared = encode(count, devices, start)
    print("ready", flush=True)
    sys.stdin.readline()
    print(f"{send(port, prepared):.3f}", flush=True)
