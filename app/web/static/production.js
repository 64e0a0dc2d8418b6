// The active filling: today's gas, its total, how it compares, and the chart.
import { Chart } from "./chart.js";
import { byId, html } from "./dom.js";
import { count, number, percent } from "./format.js";
import { call } from "./session.js";

const LEAST_PAUSE = 10_000;

export class Production {
  constructor() {
    this.chart = new Chart();
    this.digester = "";
    byId("digester").addEventListener("change", (event) => {
      this.digester = event.target.value;
      this.load();
    });
  }

  async start() {
    const digesters = await call("GET", "/biogas/digesters?per_page=100");
    byId("digester-choice").hidden = digesters.length < 2;
    byId("digester").replaceChildren(
      html("option", { value: "" }, "Etapa más reciente"),
      ...digesters.map(({ id, name }) => html("option", { value: id }, name)),
    );
    await this.load();
  }

  async load() {
    clearTimeout(this.timer);
    this.timer = null;
    try {
      this.show(await call("GET", `/biogas/production/current${this.digester ? `?digester_id=${this.digester}` : ""}`));
    } catch (error) {
      if (error.status !== 404) throw error;
      this.showNone(error.message);
    }
  }

  // New figures of a day: today's tile at once; the rest before long.
  update(day) {
    const { production } = this;
    if (!production || day.digester_id !== production.filling.digester_id) return;
    const n = production.actual.dates.indexOf(day.day);
    if (n >= 0) {
      production.actual.daily_biogas_m3[n] = day.volume_m3;
      this.show(production);
    }
    this.timer ??= setTimeout(() => this.load().catch(() => {}), LEAST_PAUSE);
  }

  show(production) {
    this.production = production;
    byId("no-filling").hidden = true;
    byId("chart-panel").hidden = byId("tiles").hidden = false;
    const { filling, expected, actual } = production;
    const today = actual.dates.length - 1;
    byId("stage").textContent = `Etapa ${filling.number} · día ${today + 1} · ${number(filling.material_amount_kg)} kg de material`;
    byId("tiles").replaceChildren(
      tile("Hoy", actual.daily_biogas_m3[today], "m³", `de ${number(expected.daily_biogas_m3[today])} m³ esperados en el día`, {
        value: actual.daily_biogas_m3[today] ?? 0,
        max: expected.daily_biogas_m3[today],
      }),
      ...wholeDays(expected, actual, today),
      tile("Gas de la etapa", actual.cumulative_biogas_m3[today], "m³", `${number(actual.cumulative_biogas_nm3[today])} Nm³ de gas seco`),
      coverage(actual),
    );
    this.chart.set(production);
  }

  showNone(message) {
    this.production = null;
    byId("stage").textContent = "";
    byId("chart-panel").hidden = byId("tiles").hidden = true;
    byId("no-filling").hidden = false;
    byId("no-filling").textContent = `${message}. Cuando se abra una, aquí se verá su producción.`;
  }
}

// Against the expected gas of the same days, today left out because it is not over.
function wholeDays(expected, actual, today) {
  if (today < 1) return [];
  const [measured, foreseen] = [actual.cumulative_biogas_m3[today - 1], expected.cumulative_biogas_m3[today - 1]];
  if (!foreseen) return [];
  const difference = measured / foreseen - 1;
  const sign = difference >= 0 ? "+" : "−";
  const state = Math.abs(difference) <= 0.15 ? "good" : difference < 0 ? "bad" : "high";
  const under = `${number(measured)} m³ medidos, ${number(foreseen)} m³ esperados hasta ayer`;
  return [tile("Frente a lo esperado", `${sign}${number(Math.abs(difference) * 100, 1)}`, "%", under, null, state)];
}

function coverage({ coverage: shares, resets, spikes }) {
  const days = shares.slice(0, -1);
  const mean = days.length ? days.reduce((sum, share) => sum + share, 0) / days.length : shares.at(-1) ?? 0;
  const events = sum(resets) + sum(spikes);
  const treated = `${count(sum(resets), "reinicio", "reinicios")} y ${count(sum(spikes), "pico", "picos")} del medidor`;
  const under = events ? treated : "Sin reinicios ni picos del medidor";
  return tile("Cobertura de datos", percent(mean).replace(" %", ""), "%", under, { value: mean, max: 1 });
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

function tile(title, value, unit, under, progress = null, state = "") {
  return html(
    "div",
    { class: `tile ${state}` },
    html("h3", {}, title),
    html("p", { class: "value" }, html("strong", {}, typeof value === "string" ? value : number(value)), " ", html("span", {}, unit)),
    progress && html("progress", { ...progress, "aria-label": title }),
    html("p", { class: "under" }, under),
  );
}
