// The reports: their list with links that work without headers, and making a new one.
import { byId, html, notice } from "./dom.js";
import { dateTime, number, shortDay } from "./format.js";
import { call } from "./session.js";

const SHOWN = 6;
const KINDS = { normal: "De seguimiento", final: "Final" };
const FILES = [["pdf_url", "PDF"], ["excel_url", "Excel"], ["csv_url", "CSV"]];

export class Reports {
  async start(permissions) {
    const button = byId("make-report");
    button.hidden = !permissions.includes("reports.create");
    button.onclick = () => this.make(button);
    await this.load();
  }

  stop() {
    clearTimeout(this.timer);
  }

  async load() {
    clearTimeout(this.timer);
    const reports = await call("GET", `/biogas/reports?per_page=${SHOWN}&sort=-id`);
    const details = await Promise.all(reports.map(({ id }) => call("GET", `/biogas/reports/${id}`)));
    byId("reports").replaceChildren(details.length ? table(details) : html("p", { class: "empty" }, "Todavía no hay reportes."));
    // The links are signed for some minutes; they are renewed before they end.
    const seconds = Math.min(...details.map((report) => report.links_expire_in), 600);
    this.timer = setTimeout(() => this.load().catch(() => {}), seconds * 800);
  }

  async make(button) {
    button.disabled = true;
    button.textContent = "Generando…";
    try {
      await call("POST", "/biogas/reports", { report_type: "normal" });
      await this.load();
      notice("Reporte generado.", "done");
    } catch (error) {
      notice(error.message);
    } finally {
      button.disabled = false;
      button.textContent = "Generar reporte";
    }
  }
}

function table(reports) {
  const heads = ["N.º", "Tipo", "Período", "Esperado", "Medido", "Hecho", "Archivos"];
  return html(
    "table",
    { class: "reports" },
    html("thead", {}, html("tr", {}, ...heads.map((head) => html("th", { scope: "col" }, head)))),
    html("tbody", {}, ...reports.map(row)),
  );
}

function row(report) {
  const cell = (label, ...content) => html("td", { "data-label": label }, ...content);
  const links = FILES.map(([name, label]) =>
    html("a", { class: "file", href: name === "pdf_url" ? `${report[name]}&inline=1` : report[name], target: name === "pdf_url" && "_blank" }, label),
  );
  return html(
    "tr",
    {},
    cell("N.º", String(report.id)),
    cell("Tipo", KINDS[report.report_type] ?? report.report_type),
    cell("Período", `${shortDay(report.period_from)} – ${shortDay(report.period_to)}`),
    cell("Esperado", `${number(report.production_estimated_m3)} m³`),
    cell("Medido", `${number(report.production_real_m3)} m³`),
    cell("Hecho", dateTime(report.created_at)),
    cell("Archivos", html("span", { class: "files" }, ...links)),
  );
}
