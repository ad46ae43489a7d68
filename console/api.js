// @ts-check
// The API over HTTP. It knows where it is by the page's own address: a stage may stand before it.

/**
 * @typedef {object} Asked
 * @property {Record<string, string>} [query]
 * @property {unknown} [body]
 * @property {string} [key]  of an intent: a repetition with it is applied once
 * @property {string | null} [ifMatch]
 * @property {string | null} [etag]  of what is known
 */

/** @typedef {{status: number, body: any, etag: string | null, link: string | null}} Answer */

/** @typedef {(method: string, path: string, asked?: Asked) => Promise<Answer>} Send */

const PATIENCE = 30_000;
const WORTH_REPEATING = new Set([429, 500, 502, 503, 504]);

/** What an answer that is none says, and when to ask again. */
export class Problem extends Error {
  /**
   * @param {string} sentence @param {number} status  0 is no answer at all @param {string} [code]
   * @param {number | null} [retryAfter]  in seconds
   */
  constructor(sentence, status, code = "", retryAfter = null) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may be sent again by whoever asked for it. */
  get mayRepeat() {
    return this.passes || this.status === 401;
  }

  /** Whether the same request may succeed by itself in a while. */
  get passes() {
    return this.status === 0 || WORTH_REPEATING.has(this.status);
  }
}

/** @param {unknown} error */
export function problemOf(error) {
  return error instanceof Problem ? error : new Problem(String(error), 0);
}

/**
 * The address of a path of the API.
 * @param {string} path @param {Record<string, string>} [query]
 */
export function address(path, query = {}) {
  const url = new URL(path, new URL(location.pathname, location.origin));
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/**
 * A way to send requests as whoever a token is for.
 * @param {() => string | null} token @returns {Send}
 */
export function sender(token) {
  return async (method, path, asked = {}) => {
    const response = await fetch(address(path, asked.query), {
      method,
      headers: headers(token(), asked),
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE),
    }).catch(() => {
      throw new Problem("The API does not answer: look at the network, or try again.", 0);
    });
    if (response.status === 304) return { status: 304, body: null, etag: null, link: null };
    const body = await response.json().catch(() => null);
    if (!response.ok) throw refusal(response, body);
    const { status } = response;
    return { status, body, etag: response.headers.get("ETag"), link: response.headers.get("Link") };
  };
}

/** @param {string | null} token @param {Asked} asked */
function headers(token, asked) {
  /** @type {Record<string, string>} */
  const said = {};
  if (token !== null) said["Authorization"] = token;
  if (asked.body !== undefined) said["Content-Type"] = "application/json";
  if (asked.key) said["Idempotency-Key"] = asked.key;
  if (asked.ifMatch) said["If-Match"] = asked.ifMatch;
  if (asked.etag) said["If-None-Match"] = asked.etag;
  return said;
}

/** @param {Response} response @param {any} body */
function refusal(response, body) {
  const sentence = body?.error ?? body?.message ?? `The API answered ${response.status}.`;
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  const after = Number.isFinite(seconds) ? seconds : null;
  return new Problem(sentence, response.status, body?.code ?? "", after);
}

/**
 * Send what counts once by its key, again where nobody knows what became of it.
 * @param {Send} send @param {string} method @param {string} path @param {Asked} asked
 * @param {(milliseconds: number) => Promise<void>} [wait]
 */
export async function insist(send, method, path, asked, wait = pause) {
  for (let tries = 0;; tries++) {
    try {
      return await send(method, path, asked);
    } catch (error) {
      const problem = problemOf(error);
      if (!problem.passes || tries === 2) throw problem;
      await wait(1000 * Math.min(problem.retryAfter ?? 1 + 2 * tries, 10));
    }
  }
}

/** @param {number} milliseconds */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));
}

/** A key of its own for an intent, by which a repetition is known. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
}
