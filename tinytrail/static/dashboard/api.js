// Talking to the server. Below any path that a proxy may have put it: addresses are relative to this file's.

import { t } from "./strings.js";

const BASE = new URL("../../", import.meta.url);

/** The token of the share link this page is; undefined for an owner's own dashboard. */
export const shareToken = location.pathname.match(/\/share\/([^/]+)$/)?.[1];

/**
 * What the server refused; status 0 where it could not be reached. The message is for people. `report`: which of
 * several was at fault, counted from 0.
 */
export class ApiError extends Error {
  constructor(status, message, retryAfter, report) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
    this.report = report;
  }
}

/** A path of the API, with parameters; a list becomes `name[]` as often as it has values. */
export function address(path, parameters = {}) {
  const url = new URL(path, BASE);
  url.search = encode(parameters);
  return url;
}

function encode(parameters) {
  const pairs = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) for (const one of value) pairs.push([`${name}[]`, one]);
    else if (value !== undefined && value !== null && value !== "") pairs.push([name, value]);
  }
  return new URLSearchParams(pairs).toString();
}

async function send(method, path, { parameters, body, signal } = {}) {
  const headers = {};
  if (shareToken) headers["X-API-KEY"] = shareToken;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(address(path, parameters), {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw signal?.aborted ? error : new ApiError(0, t.offline);
  }
  if (response.ok) return response;
  // Whoever was signed in no longer is: their session ended elsewhere, or the link was revoked.
  if (response.status === 401 && method + path !== "POSTapi/v1/sessions") dispatchEvent(new Event("signed-out"));
  throw await refusal(response);
}

async function refusal(response) {
  // All above 501 but a 503 in our own form is a proxy's, whose words may be a page of HTML: the server is away.
  const isOurs =
    response.status === 503 && /^(application\/json|text\/plain)/.test(response.headers.get("Content-Type"));
  if (response.status > 501 && !isOurs) return new ApiError(0, t.offline);
  const said = await response.text();
  let message = said;
  try {
    const json = JSON.parse(said);
    message = json.error?.message ?? json.message ?? said;
  } catch {
    // A plain sentence: two of the four systems answer so.
  }
  const seconds = Number(response.headers.get("Retry-After")) || undefined;
  const report = message.match(/^reports\[(\d+)\]/)?.[1];
  return new ApiError(response.status, t.refusal(message, seconds), seconds, report);
}

async function data(response) {
  const json = await response.json();
  return json?.status === "success" ? json.data : json;
}

export const get = async (path, parameters, signal) => data(await send("GET", path, { parameters, signal }));
export const post = async (path, body) => data(await send("POST", path, { body }));
export const patch = async (path, body) => data(await send("PATCH", path, { body }));
export const remove = async (path) => data(await send("DELETE", path));

/** Several reports in one request: [["pages", {per_page: 10}], ...] gives their data, in order. */
export async function reports(wanted, common, signal) {
  const named = wanted.map(([name, own]) => (own ? `${name}?${encode(own)}` : name));
  return (await get("api/v1/reports/batch", { ...common, reports: named }, signal)).reports;
}

/** Save an answer as a file under the name that the server gave it; `edit`, if given, is put to its text before. */
export async function download(path, parameters, edit) {
  const response = await send("GET", path, { parameters });
  const name = response.headers.get("Content-Disposition")?.match(/filename="([^"]+)"/)?.[1] ?? "tinytrail.csv";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(edit ? new Blob([edit(await response.text())]) : await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
