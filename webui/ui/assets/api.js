// The one door to the server: /api/v1, the same that every client uses.
import { t } from "./text.js";

const BASE = "/api/v1";

/** The server said no (or nothing): `problems` are sentences with the fields they belong to. */
export class Refused extends Error {
  constructor(status, problems) {
    super(problems[0]?.message ?? `HTTP ${status}`);
    this.status = status;
    this.problems = problems;
  }
}

// A seed has 64 bits, a number of JavaScript 53: what does not fit stays the text it was.
const keep = (key, value, source) =>
  typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? (source?.source ?? value)
    : value;

async function call(method, path, body, type = "application/json") {
  const options = { method, headers: body === undefined ? {} : { "content-type": type }, body };
  const answer = await fetch(BASE + path, options).catch(() => {
    throw new Refused(0, [{ code: "", message: t("ui.server.unreachable") }]);
  });
  const said = await answer.text();
  const value = parse(said);
  if (!answer.ok)
    throw new Refused(
      answer.status,
      value?.problems ?? [{ code: "", message: t("ui.server.refused", { status: answer.status }) }],
    );
  return value;
}

function parse(text) {
  try {
    return JSON.parse(text, keep);
  } catch {
    return null;
  }
}

export const get = path => call("GET", path);
export const post = (path, body) => call("POST", path, body === undefined ? undefined : JSON.stringify(body));
export const del = path => call("DELETE", path);
export const put = (path, body) => call("PUT", path, JSON.stringify(body));
export const patch = (path, body) => call("PATCH", path, JSON.stringify(body));
export const postFile = (path, file) => call("POST", path, file, file.type || "application/octet-stream");

export const pictureUrl = id => `${BASE}/pictures/${id}`;
export const thumbnailUrl = id => `${BASE}/pictures/${id}/thumbnail?size=256`;
export const downloadUrl = id => `${BASE}/pictures/${id}?download=1`;
