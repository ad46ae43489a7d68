// @ts-check
// What the page knows at this moment, in one place. Views read it; whoever changes it says so.

/** @import {Endpoint, Fleet, Me} from "./types.js" */
/** @import {Problem} from "./api.js" */
/** @import {Dialog} from "./changes.js" */
/** @import {About} from "./detail.js" */

import * as place from "./place.js";
import { kept, shown, sorted } from "./rows.js";

/** @typedef {{kind: "busy" | "done", text: string, commit: string | null}} Note  beside a row */

/**
 * @typedef {object} Toast
 * @property {number} id
 * @property {string} text
 * @property {"good" | "bad"} tone
 * @property {string} [commit]
 * @property {string} [name]  of the endpoint that it is about: the newest one counts
 * @property {{label: string, run: () => void}} [act]
 */

/**
 * @typedef {object} State
 * @property {place.Place} place
 * @property {Fleet | null} fleet
 * @property {string | null} etag
 * @property {number} loadedAt  by this machine's clock
 * @property {number} skew  from this machine's clock to the server's
 * @property {Me | null} me
 * @property {boolean} signedOut
 * @property {string} signInNote
 * @property {Problem | null} problem  of the last look
 * @property {number} nextLook  after a problem, by the server's clock
 * @property {boolean} slow
 * @property {string[]} order
 * @property {boolean} isOrderOld
 * @property {Set<string>} marked
 * @property {string} anchor  of a range of marks
 * @property {string} current  the row that has the keys
 * @property {string} menu  the row whose menu is open
 * @property {Map<string, Note>} notes
 * @property {Dialog | null} dialog
 * @property {Dialog | null} interrupted  by a sign-in that is needed again
 * @property {import("./session.js").Issuer | null} issuer
 * @property {Toast[]} toasts
 * @property {About | null} about
 */

/** @type {State} */
export const state = {
  place: place.read(""),
  fleet: null,
  etag: null,
  loadedAt: 0,
  skew: 0,
  me: null,
  signedOut: false,
  signInNote: "",
  problem: null,
  nextLook: 0,
  slow: false,
  order: [],
  isOrderOld: false,
  marked: new Set(),
  anchor: "",
  current: "",
  menu: "",
  notes: new Map(),
  dialog: null,
  interrupted: null,
  issuer: null,
  toasts: [],
  about: null,
};

/** @type {() => void} */
let onChange = () => {};
let isDue = false;

/** @param {() => void} draw */
export function drawWith(draw) {
  onChange = draw;
}

/** Draw what has changed, once for all that changes now. */
export function changed() {
  if (isDue) return;
  isDue = true;
  queueMicrotask(() => {
    isDue = false;
    onChange();
  });
}

/** The server's clock. */
export function now() {
  return Date.now() + state.skew;
}

/** @param {string} name */
export function find(name) {
  return state.fleet?.endpoints.find((it) => it.name === name) ?? null;
}

/** The rows as they stand: what has gone is left out, what is new stands at the end. */
export function rows() {
  const { filter } = state.place;
  const found = shown(state.fleet?.endpoints ?? [], filter, now(), state.me);
  return kept(state.order, sorted(found, filter.sort, now()));
}

/**
 * Put the rows in order; while somebody is at them, only say that it has changed.
 * @param {boolean} isBusy
 */
export function arrange(isBusy) {
  const ideal = sorted(state.fleet?.endpoints ?? [], state.place.filter.sort, now());
  const names = ideal.map((it) => it.name);
  const stands = kept(state.order, ideal).map((it) => it.name);
  const same = names.every((name, index) => name === stands[index]);
  state.order = isBusy ? stands : names;
  state.isOrderOld = isBusy && !same;
}

/** @param {string} sentence */
export function say(sentence) {
  const region = document.getElementById("said");
  if (region) region.textContent = sentence;
}

let toasts = 0;

/**
 * @param {Omit<Toast, "id">} toast
 * @param {number} lasts  in milliseconds; 0 is until it is dismissed
 */
export function tell(toast, lasts) {
  const id = ++toasts;
  const others = state.toasts.filter((each) => !each.name || each.name !== toast.name);
  state.toasts = [...others.slice(-2), { ...toast, id }];
  say(toast.text);
  if (lasts) setTimeout(() => fade(id), lasts);
  changed();
}

/** Take a message away, but not from below a hand. @param {number} id */
function fade(id) {
  if (document.querySelector(".toasts:is(:hover, :focus-within)")) setTimeout(fade, 2000, id);
  else dismiss(id);
}

/** @param {number} id */
export function dismiss(id) {
  state.toasts = state.toasts.filter((each) => each.id !== id);
  changed();
}

/** @param {string} scope @returns {string}  why the caller may not, or nothing */
export function forbidden(scope) {
  const scopes = state.me?.scopes;
  if (!scopes || scopes.includes(scope) || scopes.includes("admin")) return "";
  if (scope === "release" && scopes.includes("extend")) return ""; // of what is one's own
  return `Your token may ${scopes.join(", ") || "do nothing"}: this needs the scope ${scope}.`;
}

/** Why nothing at all can be changed now, or nothing. */
export function stalled() {
  return state.problem ? "The last look at the ledger failed: wait for the next." : "";
}

/** Why nothing can be changed now, or nothing. @param {Endpoint} it */
export function blocked(it) {
  if (state.problem) return stalled();
  if (it.state === "frozen") return `${it.name} is frozen: mend its file first.`;
  if (it.state === "orphan") return `${it.name} has no definition in the ledger, and no lease.`;
  if (it.state === "always_on") return `${it.name} is always on: it has no meter to extend.`;
  return "";
}
