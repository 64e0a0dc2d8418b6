// Numbers, units and times as people on the farm read them.
const UNITS = { m3: "m³", "m3/h": "m³/h", Nm3: "Nm³", "L/min": "L/min" };
const day = new Intl.DateTimeFormat("es-CO", { day: "numeric", month: "short", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat("es-CO", { dateStyle: "medium", timeStyle: "short" });

export const unit = (name) => UNITS[name] ?? name ?? "";

// Less than a cubic metre is read in litres.
export const scaled = (name, values) =>
  name === "m3" && Math.max(...values.map(Math.abs)) < 1 ? { factor: 1000, unit: "L" } : { factor: 1, unit: unit(name) };

// With `decimals` when given, else with as many as the size of the number deserves.
export function number(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "—";
  const size = Math.abs(value);
  const digits =
    decimals !== undefined
      ? { maximumFractionDigits: decimals, minimumFractionDigits: decimals }
      : size < 1
        ? { maximumSignificantDigits: 3 }
        : { maximumFractionDigits: size >= 1000 ? 0 : size >= 100 ? 1 : 2 };
  return new Intl.NumberFormat("es-CO", digits).format(value);
}

export const count = (n, one, several) => `${n} ${n === 1 ? one : several}`;

export const percent = (share, decimals = 0) => `${number(share * 100, decimals)} %`;

export const shortDay = (iso) => day.format(new Date(`${iso}T00:00:00Z`));

export const dateTime = (iso) => moment.format(new Date(iso));

export function age(ts, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - ts) / 1000));
  if (seconds < 2) return "ahora";
  if (seconds < 90) return `hace ${seconds} s`;
  if (seconds < 90 * 60) return `hace ${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `hace ${Math.round(seconds / 3600)} h`;
  return `hace ${Math.round(seconds / 86400)} días`;
}
