// The routes of the service, with the token that a person gave: it is kept for this tab alone.
const STORED = "token";

export class Refused extends Error {
  constructor(status, what) {
    super(what);
    this.status = status;
  }
}

export const token = {
  is: () => sessionStorage.getItem(STORED) !== null,
  set: (value) => sessionStorage.setItem(STORED, value),
  forget: () => sessionStorage.removeItem(STORED),
};

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, JSON.stringify(body));

async function ask(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token.is()) headers.Authorization = `Bearer ${sessionStorage.getItem(STORED)}`;
  const answer = await reached(path, { method, headers, body, credentials: "omit", cache: "no-store" });
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, reason(said) ?? `The service answered ${answer.status}.`);
  return said;
}

async function reached(path, request) {
  try {
    return await fetch(path, request);
  } catch {
    throw new Refused(0, "The service does not answer. Is it running?");
  }
}

// Of an OperationOutcome.
function reason(said) {
  return said?.issue?.map((one) => one.diagnostics).join("; ");
}
