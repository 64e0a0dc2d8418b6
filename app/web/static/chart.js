// Expected against measured gas of a filling, by day or accumulated.
import { byId, svg } from "./dom.js";
import { number, shortDay } from "./format.js";

const HEIGHT = 300;
const EDGE = { top: 14, right: 14, bottom: 28, left: 52 };
const AHEAD = 10;
const SHORTEST = 30;

export class Chart {
  constructor() {
    this.element = byId("chart");
    this.view = "daily";
    new ResizeObserver(() => this.draw()).observe(this.element);
    for (const button of document.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => this.show(button.dataset.view));
    }
    this.element.addEventListener("pointermove", (event) => this.point(event.offsetX));
    this.element.addEventListener("pointerleave", () => this.point(null));
  }

  show(view) {
    this.view = view;
    for (const button of document.querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
    this.draw();
  }

  set(production) {
    this.series = { daily: daily(production), cumulative: cumulative(production) };
    this.draw();
  }

  draw() {
    const width = this.element.clientWidth;
    if (!this.series || !width) return;
    this.points = this.series[this.view];
    const top = nice(Math.max(...this.points.flatMap((p) => [p.high, p.actual ?? 0])) || 1);
    const step = (width - EDGE.left - EDGE.right) / this.points.length;
    this.scale = {
      step,
      x: (n) => EDGE.left + (n + 0.5) * step,
      y: (value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom),
    };
    this.element.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.cursor = svg("line", { class: "cursor", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: "hidden" });
    this.element.replaceChildren(...this.grid(top, width), this.band(), ...this.measured(), this.expected(), this.cursor);
  }

  grid(top, width) {
    const { x, y, step } = this.scale;
    const lines = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(top * share), y2: y(top * share) }),
      svg("text", { class: "tick end", x: EDGE.left - 8, y: y(top * share) + 4 }, number(top * share)),
    ]);
    const every = Math.ceil(64 / step);
    const days = this.points
      .map((p, n) => (n % every ? null : svg("text", { class: "tick middle", x: x(n), y: HEIGHT - 8 }, shortDay(p.date))))
      .filter(Boolean);
    return [...lines, ...days, svg("text", { class: "tick", x: 4, y: 11 }, "m³")];
  }

  band() {
    const { x, y } = this.scale;
    const up = this.points.map((p, n) => `${x(n)} ${y(p.high)}`);
    const down = this.points.map((p, n) => `${x(n)} ${y(p.low)}`).reverse();
    return svg("path", { class: "band", d: `M${[...up, ...down].join("L")}Z` });
  }

  expected() {
    const { x, y } = this.scale;
    return svg("path", { class: "expected", d: `M${this.points.map((p, n) => `${x(n)} ${y(p.expected)}`).join("L")}` });
  }

  measured() {
    const { x, y, step } = this.scale;
    const found = this.points.map((p, n) => ({ ...p, n })).filter((p) => p.actual !== null);
    if (this.view === "cumulative") {
      return [svg("path", { class: "measured-line", d: `M${found.map((p) => `${x(p.n)} ${y(p.actual)}`).join("L")}` })];
    }
    return found.map((p) =>
      svg("rect", {
        class: `measured ${p.good ? "" : "partial"}`,
        x: x(p.n) - step * 0.36,
        y: y(p.actual),
        width: step * 0.72,
        height: Math.max(y(0) - y(p.actual), 0),
        rx: Math.min(3, step * 0.2),
      }),
    );
  }

  // What the day under the pointer gave.
  point(offset) {
    if (!this.points || !this.cursor) return;
    const n = offset === null ? -1 : Math.floor((offset - EDGE.left) / this.scale.step);
    const found = this.points[n];
    this.cursor.setAttribute("visibility", found ? "visible" : "hidden");
    byId("reading").textContent = found
      ? `${shortDay(found.date)}: ${found.actual === null ? "" : `medida ${number(found.actual)} m³, `}esperada ${number(found.expected)} m³`
      : "";
    if (found) for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.scale.x(n));
  }
}

function daily({ expected, actual }) {
  return points(expected, actual, expected.daily_biogas_m3, expected.daily_biogas_nm3, expected.daily_low_nm3, expected.daily_high_nm3, actual.daily_biogas_m3);
}

function cumulative({ expected, actual }) {
  return points(expected, actual, expected.cumulative_biogas_m3, expected.cumulative_biogas_nm3, expected.cumulative_low_nm3, expected.cumulative_high_nm3, actual.cumulative_biogas_m3);
}

// The margins come in Nm³; the meter's conditions turn them into the m³ of everything else here.
function points(expected, actual, m3, nm3, low, high, measured) {
  const count = Math.min(m3.length, Math.max(measured.length + AHEAD, SHORTEST));
  return m3.slice(0, count).map((value, n) => {
    const ratio = nm3[n] ? value / nm3[n] : 1;
    return {
      date: expected.dates[n],
      expected: value,
      low: low[n] * ratio,
      high: high[n] * ratio,
      actual: measured[n] ?? null,
      good: actual.quality[n] === "good" || n === measured.length - 1,
    };
  });
}

function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((m) => m * power).find((candidate) => candidate >= value);
}
