// Socket.IO 5 over Engine.IO 4 on a plain WebSocket: as much of the protocol as a live screen needs.
const ENGINE = { open: "0", close: "1", ping: "2", pong: "3", message: "4" };
const PACKET = { connect: "0", disconnect: "1", event: "2", ack: "3", refusal: "4" };

export class LiveSocket {
  // `on` holds: connected(), event(name, body), refused(error), closed(dismissed).
  constructor(namespace, auth, on) {
    this.namespace = namespace;
    this.auth = auth;
    this.on = on;
    this.acks = new Map();
    this.nextAck = 0;
    this.dismissed = false;
    this.ended = false;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.wire = new WebSocket(`${scheme}://${location.host}/socket.io/?EIO=4&transport=websocket`);
    this.wire.onmessage = ({ data }) => this.hear(String(data));
    this.wire.onclose = () => this.end();
    this.listenFor(20_000);
  }

  // Resolves with what the server answers to an event.
  ask(event, body) {
    const id = this.nextAck++;
    this.say(PACKET.event, `${id}${JSON.stringify([event, body])}`);
    return new Promise((answered) => this.acks.set(id, answered));
  }

  close() {
    this.wire.onclose = null;
    this.ended = true;
    clearTimeout(this.silence);
    this.wire.close();
  }

  say(type, rest = "") {
    if (this.wire.readyState === WebSocket.OPEN) {
      this.wire.send(`${ENGINE.message}${type}${this.namespace},${rest}`);
    }
  }

  hear(packet) {
    this.listenFor(this.patience);
    const rest = packet.slice(1);
    if (packet[0] === ENGINE.open) {
      const { pingInterval, pingTimeout } = JSON.parse(rest);
      this.listenFor((this.patience = pingInterval + pingTimeout));
      this.say(PACKET.connect, JSON.stringify(this.auth));
    } else if (packet[0] === ENGINE.ping) {
      this.wire.send(ENGINE.pong);
    } else if (packet[0] === ENGINE.close) {
      this.wire.close();
    } else if (packet[0] === ENGINE.message) {
      this.take(rest[0], rest.slice(rest.indexOf(",") + 1));
    }
  }

  take(type, rest) {
    if (type === PACKET.connect) {
      this.on.connected();
    } else if (type === PACKET.refusal) {
      this.close();
      this.on.refused(JSON.parse(rest));
    } else if (type === PACKET.disconnect) {
      this.dismissed = true;
      this.wire.close();
    } else if (type === PACKET.event) {
      this.on.event(...JSON.parse(rest));
    } else if (type === PACKET.ack) {
      const start = rest.indexOf("[");
      const id = Number(rest.slice(0, start));
      this.acks.get(id)?.(JSON.parse(rest.slice(start))[0]);
      this.acks.delete(id);
    }
  }

  // A server that says nothing, not even its ping, is gone.
  listenFor(patience) {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.wire.close() ?? this.end(), patience);
  }

  end() {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.silence);
    this.on.closed(this.dismissed);
  }
}
