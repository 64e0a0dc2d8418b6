// The sensors: a card for each channel with its last value, its age and its recent course.
import { byId, html } from "./dom.js";
import { age, count, number, scaled } from "./format.js";
import { sparkline } from "./sparkline.js";

const POINTS = 60;
// What a person looks at first; other quantities follow.
const FIRST = ["temperature", "pressure", "gauge_pressure", "methane", "ph", "humidity", "gas", "biol"];

export class Cards {
  constructor() {
    this.devices = new Map();
    this.channels = new Map();
  }

  draw(snapshot) {
    for (const device of snapshot.devices) {
      const group = this.devices.get(device.id) ?? this.addDevice(device);
      this.setOnline(group, device.online);
      for (const channel of byInterest(device.channels)) {
        const card = this.channels.get(channel.id) ?? this.addChannel(group, channel);
        this.merge(card, channel.points);
      }
    }
    this.count();
  }

  // False when a reading is of a channel that has no card yet.
  update({ readings }) {
    let known = true;
    for (const { channel_id: id, ts_ms: ts, value } of readings) {
      const card = this.channels.get(id);
      if (card) this.merge(card, [[ts, value]], true);
      known &&= Boolean(card);
    }
    return known;
  }

  availability({ device_id: id, online }) {
    const group = this.devices.get(id);
    if (group) this.setOnline(group, online);
  }

  tick() {
    const now = Date.now();
    for (const card of this.channels.values()) {
      const last = card.points.at(-1);
      card.age.textContent = last ? age(last[0], now) : "sin lecturas";
    }
  }

  addDevice(device) {
    const state = html("span", { class: "dot" });
    const grid = html("div", { class: "cards" });
    const heading = html("h3", {}, device.name, state);
    byId("devices").append(html("article", { class: "device", "data-device": device.code }, heading, grid));
    const group = { state, grid };
    this.devices.set(device.id, group);
    return group;
  }

  addChannel(group, channel) {
    const card = { points: [], declared: channel.unit, value: html("strong", {}, "—"), unit: html("span") };
    card.spark = html("div", { class: "spark" });
    card.age = html("time");
    card.range = html("span", { class: "range" });
    card.element = html(
      "div",
      { class: `card q-${channel.quantity}`, "data-key": channel.key },
      html("h4", {}, channel.name),
      html("p", { class: "value" }, card.value, " ", card.unit),
      card.spark,
      html("p", { class: "under" }, card.age, card.range),
    );
    group.grid.append(card.element);
    this.channels.set(channel.id, card);
    return card;
  }

  // A point may come twice, late or out of order: its instant is its identity.
  merge(card, points, fresh = false) {
    if (!points.length) return;
    const all = new Map([...card.points, ...points].map(([ts, value]) => [ts, value]));
    card.points = [...all].sort(([a], [b]) => a - b).slice(-POINTS);
    const values = card.points.map(([, value]) => value);
    const { factor, unit } = scaled(card.declared, values);
    card.unit.textContent = unit;
    card.value.textContent = number(values.at(-1) * factor);
    card.range.textContent = `${number(Math.min(...values) * factor)} – ${number(Math.max(...values) * factor)}`;
    card.age.textContent = age(card.points.at(-1)[0]);
    card.spark.replaceChildren(sparkline(card.points));
    if (fresh) card.element.animate?.([{ opacity: 0.8 }, { opacity: 1 }], 350);
  }

  setOnline(group, online) {
    group.state.dataset.online = online;
    group.state.textContent = online ? "en línea" : "sin señal";
  }

  count() {
    const channels = this.channels.size;
    byId("no-sensors").hidden = channels > 0;
    const devices = this.devices.size;
    byId("sensors-count").textContent = channels
      ? `${count(channels, "canal", "canales")} de ${count(devices, "dispositivo", "dispositivos")}`
      : "";
  }
}

function byInterest(channels) {
  const rank = ({ quantity }) => (FIRST.indexOf(quantity) + 1 || FIRST.length + 1);
  return [...channels].sort((a, b) => rank(a) - rank(b));
}
