// The connection to /live: kept up with growing pauses, and resumed from the last reading of each channel.
import { LiveSocket } from "./socket.js";
import { renew, token } from "./session.js";

const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const EXPIRED = "TOKEN_EXPIRED";

export class Live {
  // `on` holds: state(name), snapshot, reading, production, device, and over(message) when the session has ended.
  constructor(on) {
    this.on = on;
    this.newest = {};
    this.failures = 0;
    this.stopped = false;
    this.hurry = () => this.timer && this.connect();
    addEventListener("online", this.hurry);
    this.connect();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.hurry);
    this.socket?.close();
  }

  // Asks again for everything, without closing: for instance when a new channel appears.
  async refresh() {
    const answer = await this.socket.ask("subscribe", { since: this.newest });
    if (!answer.ok) this.on.problem(answer.error.message);
  }

  connect() {
    clearTimeout(this.timer);
    this.timer = null;
    this.socket = new LiveSocket("/live", { token: token() }, {
      connected: () => this.begin(),
      event: (name, body) => this.take(name, body),
      refused: (error) => this.refused(error),
      closed: (dismissed) => (dismissed ? this.renewed() : this.later()),
    });
  }

  begin() {
    this.failures = 0;
    this.on.state("live");
    this.refresh();
  }

  take(name, body) {
    if (name === "snapshot") {
      for (const device of body.devices) for (const channel of device.channels) this.note(channel.id, channel.points);
    } else if (name === "reading") {
      for (const reading of body.readings) this.note(reading.channel_id, [[reading.ts_ms]]);
    }
    this.on[name]?.(body);
  }

  note(channel, points) {
    for (const [ts] of points) this.newest[channel] = Math.max(this.newest[channel] ?? 0, ts);
  }

  refused(error) {
    if (error.data?.code === EXPIRED) this.renewed();
    else if (["UNAVAILABLE", undefined].includes(error.data?.code)) this.later();
    else this.over(error.message);
  }

  // The token ended: with a new one the connection goes on; without, the person must log in again.
  async renewed() {
    try {
      await renew();
      this.later();
    } catch (error) {
      if (error.code === "NETWORK") this.later();
      else this.over("La sesión terminó. Inicie sesión de nuevo.");
    }
  }

  over(message) {
    this.stop();
    this.on.over(message);
  }

  later() {
    if (this.stopped) return;
    this.on.state("waiting");
    const pause = Math.min(SHORTEST_PAUSE * 2 ** this.failures++, LONGEST_PAUSE);
    // Not all screens at the same instant when the server returns.
    this.timer = setTimeout(() => this.connect(), pause * (0.5 + Math.random() / 2));
  }
}
