// One HTTP call to the API. Every failure becomes an ApiError with a message in Spanish.
export class ApiError extends Error {
  constructor(message, code, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export async function send(method, path, body, token, headers = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers } };
  if (token) options.headers.Authorization = `Bearer ${token}`;
  if (body !== undefined && method !== "GET") {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/api/v1${path}`, options);
  } catch {
    throw new ApiError("No hay conexión con el servidor.", "NETWORK", 0);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok || answer.success === false) throw failure(answer, response.status);
  return answer.data;
}

function failure(answer, status) {
  const error = answer.error ?? {};
  const fields = Object.entries(error.details?.validation_errors ?? {}).map(([name, why]) => `${name}: ${why}`);
  const message = [error.message ?? `El servidor respondió ${status}.`, ...fields].join(" · ");
  return new ApiError(message, error.code ?? "UNKNOWN", status);
}
