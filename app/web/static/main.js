// The page: who may see it, and which part shows what.
import { Cards } from "./cards.js";
import { byId, notice } from "./dom.js";
import { Live } from "./live.js";
import { Production } from "./production.js";
import { Reports } from "./reports.js";
import { call, forget, logIn, logOut, renew, token } from "./session.js";

const STATES = { live: "En vivo", waiting: "Reconectando…" };
const production = new Production();
const reports = new Reports();
let live = null;
let clock = null;

async function enter() {
  const me = await call("GET", "/auth/me");
  byId("person").textContent = me.user.fullname;
  byId("devices").replaceChildren();
  show("screen");
  const cards = new Cards();
  clock = setInterval(() => cards.tick(), 1000);
  live = new Live({
    state: (name) => Object.assign(byId("link"), { textContent: STATES[name] }).setAttribute("data-state", name),
    snapshot: (body) => cards.draw(body),
    reading: (body) => cards.update(body) || live.refresh(),
    device: (body) => cards.availability(body),
    production: (body) => production.update(body),
    problem: notice,
    over: ask,
  });
  await Promise.all([production.start(), reports.start(me.permissions)].map((part) => part.catch(fail)));
}

function fail(error) {
  if (error.status === 401) ask("La sesión terminó. Inicie sesión de nuevo.");
  else notice(error.message);
}

// Back to the form, with the reason.
function ask(problem = "") {
  clearInterval(clock);
  live?.stop();
  reports.stop();
  forget();
  byId("problem").textContent = problem;
  byId("problem").hidden = !problem;
  show("entry");
  byId("login").elements.name.focus();
}

function show(which) {
  byId("entry").hidden = which !== "entry";
  byId("screen").hidden = byId("who").hidden = which !== "screen";
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await logIn(form.elements.name.value, form.elements.password.value);
    form.reset();
    await enter();
  } catch (error) {
    ask(error.message);
  } finally {
    button.disabled = false;
  }
});

byId("leave").addEventListener("click", () => logOut().catch(() => {}).finally(() => ask()));

if (token()) enter().catch((error) => ask(error.message));
else if (document.cookie.includes("csrf_refresh_token=")) renew().then(enter).catch(() => ask());
else ask();
