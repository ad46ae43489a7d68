// @ts-check
// Looks at the ledger: each fifteen seconds while somebody sees the page, each minute else.

import { insist, problemOf, sender } from "./api.js";
import { endings } from "./rows.js";
import { token } from "./session.js";
import { arrange, changed, now, say, state } from "./state.js";
import { wall, zoneOf } from "./words.js";
import { fleetOf, meOf } from "./wire.js";

const SEEN = 15_000;
const HIDDEN = 60_000;
const SLOW = 5000;

export const send = sender(token);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Promise<void> | null} */
let looking = null;
let again = false;

/** Look now; while a look is under way, once more after it. */
export function refresh() {
  if (looking) {
    again = true;
    return looking;
  }
  looking = look().finally(() => {
    looking = null;
    if (again) {
      again = false;
      refresh();
    }
  });
  return looking;
}

async function look() {
  clearTimeout(timer);
  if (token() === null) return signedOut();
  const slow = setTimeout(() => {
    state.slow = true;
    changed();
  }, SLOW);
  try {
    await ask();
    state.problem = null;
    state.signedOut = false;
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status === 401) signedOut();
    else state.problem = problem;
  } finally {
    clearTimeout(slow);
    state.slow = false;
    next();
    changed();
  }
}

async function ask() {
  const begun = Date.now();
  const asked = { etag: state.etag };
  // What is there already is better than nothing: the next look comes by itself.
  const answer =
    await (state.fleet ? send("GET", "fleet", asked) : insist(send, "GET", "fleet", asked));
  state.loadedAt = Date.now();
  if (answer.status !== 304) {
    state.etag = answer.etag;
    state.fleet = fleetOf(answer.body);
    state.skew = state.fleet.now - (begun + state.loadedAt) / 2;
    arrange(isBusy());
  }
  if (state.me === null) state.me = meOf((await send("GET", "me")).body);
}

function signedOut() {
  state.signedOut = true;
  state.problem = null;
  if (state.fleet && state.dialog?.kind !== "signin") {
    state.interrupted = state.dialog;
    state.dialog = { kind: "signin" };
  }
  changed();
}

/** Look again in time; sooner where something turns by itself. */
function next() {
  clearTimeout(timer);
  if (state.signedOut) return;
  const rhythm = document.hidden ? HIDDEN : SEEN;
  const waits = state.problem?.retryAfter ? state.problem.retryAfter * 1000 : rhythm;
  const length = Math.min(Math.max(waits, 1000), HIDDEN);
  state.nextLook = state.problem ? now() + length : 0;
  timer = setTimeout(refresh, length);
}

/** Whether somebody has a hand on the rows. */
function isBusy() {
  const rows = document.getElementById("rows");
  const held = rows?.matches(":hover") || rows?.contains(document.activeElement);
  return state.order.length > 0 && Boolean(held);
}

/** @type {Set<string>} */
const told = new Set();
let turned = 0;

/** What the clock brings by itself, each second. */
export function watch() {
  const { fleet } = state;
  if (!fleet) return;
  const at = now();
  for (const { key, name, at: end } of endings(fleet, at)) {
    if (told.has(key)) continue;
    told.add(key);
    say(`${name} ends at ${wall(end, at, zoneOf(state.place.filter.zone))}, within 15 minutes.`);
  }
  const turns = fleet.endpoints.filter((it) => it.next && it.next.at > turned && it.next.at <= at);
  if (turned && turns.length) refresh();
  turned = at;
}

/** Whether the API lets a token do anything. @param {string} text */
export async function works(text) {
  const answer = await sender(() => text)("GET", "me").catch(() => null);
  return Boolean(answer?.body.Scopes.length);
}

export function begin() {
  document.addEventListener("visibilitychange", () => document.hidden ? next() : refresh());
  addEventListener("focus", () => refresh());
  addEventListener("online", () => refresh());
  refresh();
}
