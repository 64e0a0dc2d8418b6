"""Many raw Socket.IO clients in one process, for `live.py`: they subscribe and note when each reading came."""

import asyncio
import json
import re
import sys
import time

VALUE = re.compile(rb'"key":"reloj".*?"value":([\d.]+)')


class Client:
    """One WebSocket, read frame by frame; frames of a server are not masked, and none here is compressed."""

    def __init__(self, latencies_ms: list[float]) -> None:
        self._latencies_ms = latencies_ms

    async def connect(self, port: int, token: str) -> None:
        """Opens /live and subscribes to everything; returns when the snapshot is there."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await self._reader.readuntil(b"\r\n\r\n")
        await self._until(b"0")
        self._say("40/live," + json.dumps({"token": token}))
        await self._until(b"40/live")
        self._say('42/live,["subscribe",{}]')
        await self._until(b'42/live,["snapshot"')

    async def listen(self) -> None:
        """Notes every reading, until cancelled."""
        while True:
            frame = await self._frame()
            now_ms = time.monotonic() * 1000
            if frame == b"2":
                self._say("3")
            for value in VALUE.findall(frame) if frame.startswith(b'42/live,["reading"') else ():
                self._latencies_ms.append(now_ms - float(value))

    async def _until(self, start: bytes) -> None:
        while not (await self._frame()).startswith(start):
            pass

    async def _frame(self) -> bytes:
        head = await self._reader.readexactly(2)
        size = head[1] & 0x7F
        if size > 125:
            size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
        return await self._reader.readexactly(size)

    def _say(self, text: str) -> None:
        body = text.encode()
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
        # A mask of zeros leaves the text as it is.
        self._writer.write(b"\x81" + size + b"\0\0\0\0" + body)


async def main(port: int, token: str, count: int) -> None:
    """Says `ready`, listens until standard input ends, then prints the latencies as JSON."""
    latencies_ms: list[float] = []
    clients = [Client(latencies_ms) for _ in range(count)]
    for start in range(0, count, 25):
        await asyncio.gather(*(client.connect(port, token) for client in clients[start : start + 25]))
    listening = [asyncio.create_task(client.listen()) for client in clients]
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in listening:
        task.cancel()
    print(json.dumps([round(value, 2) for value in latencies_ms]), flush=True)


def run() -> None:
    """The program, with its arguments from the command line."""
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
