// Who is logged in: the token in this tab's sessionStorage, renewed by the session's cookie.
import { ApiError, send } from "./api.js";

const KEY = "backfinca.token";
let renewal = null;

export const token = () => sessionStorage.getItem(KEY);

export async function logIn(name, password) {
  keep(await send("POST", "/auth/login", { identifier: name, password }));
}

export async function logOut() {
  try {
    await send("POST", "/auth/logout", {}, token());
  } finally {
    forget();
  }
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

// One renewal at a time, whoever asks for it; throws when the session is over.
export function renew() {
  renewal ??= send("POST", "/auth/refresh", {}, null, { "X-CSRF-Token": cookie("csrf_refresh_token") })
    .then(keep)
    .finally(() => (renewal = null));
  return renewal;
}

// An API call as the person who is logged in; an expired token is renewed once.
export async function call(method, path, body) {
  try {
    return await send(method, path, body, token());
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "TOKEN_EXPIRED") throw error;
    await renew();
    return send(method, path, body, token());
  }
}

function keep(data) {
  sessionStorage.setItem(KEY, data.access_token);
}

function cookie(name) {
  const found = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
