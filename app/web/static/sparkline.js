// The recent course of a channel as a small curve.
import { svg } from "./dom.js";

const WIDTH = 200;
const HEIGHT = 44;
const EDGE = 4;

export function sparkline(points) {
  const box = { class: "sparkline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" };
  if (points.length < 2) return svg("svg", box);
  const values = points.map(([, value]) => value);
  const [start, end] = [points[0][0], points.at(-1)[0]];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (ts) => ((ts - start) / (end - start || 1)) * WIDTH;
  const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - EDGE - ((value - low) / (high - low)) * (HEIGHT - 2 * EDGE));
  const line = points.map(([ts, value], n) => `${n ? "L" : "M"}${x(ts).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return svg(
    "svg",
    box,
    svg("path", { class: "area", d: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` }),
    svg("path", { class: "line", d: line, "vector-effect": "non-scaling-stroke" }),
  );
}
