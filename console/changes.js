// @ts-check
// Changes of leases: quoted by a dry run, committed with a key of their own, followed until live.
// The page never shows an end that is not committed.

/** @import {Endpoint} from "./types.js" */
/** @import {Answer, Asked, Problem} from "./api.js" */
/** @import {Quote} from "./wire.js" */

import { insist, newKey, pause, problemOf } from "./api.js";
import { refresh, send } from "./looking.js";
import { backwards } from "./rows.js";
import { changed, find, now, say, state, tell } from "./state.js";
import { about, stamp, wall, zoneOf } from "./words.js";
import { quoteOf } from "./wire.js";

const AT_A_TIME = 4; // pushes are shared, and each caller has so many requests a minute
const UNDO = 10_000;
const FOLLOW = 2000;
const FOLLOWED = 90;

/** @import {Action} from "./rows.js" */

/**
 * What somebody means to do with one endpoint. A key is of one body: another body gets another.
 * @typedef {object} Intent
 * @property {string} name
 * @property {string} endpointName
 * @property {Action} action
 * @property {number} minutes
 * @property {number} until
 * @property {number | null} former  the end that it knows of
 * @property {string} config
 * @property {string} reason
 * @property {string} key
 * @property {string | null} ifMatch
 * @property {"quoting" | "quoted" | "refused" | "committing" | "done"} phase
 * @property {Quote | null} quote
 * @property {Problem | null} problem
 * @property {boolean} included
 * @property {number} version  of what is asked: an answer to an older one is dropped
 */

/**
 * @typedef {object} ChangeDialog
 * @property {"change"} kind
 * @property {Action} action
 * @property {Intent[]} intents
 * @property {string} reason
 * @property {string} note  what happened meanwhile
 * @property {boolean} eager  commit as soon as it is quoted
 * @property {boolean} finished
 * @property {number} openedAt
 */

/** @typedef {ChangeDialog | {kind: "help"} | {kind: "signin"} | AddDialog} Dialog */

/**
 * @typedef {object} AddDialog
 * @property {"add"} kind
 * @property {Intent} intent
 */

/**
 * @param {Endpoint} it @param {Action} action
 * @param {{minutes?: number, until?: number, reason?: string, ifMatch?: string}} [more]
 * @returns {Intent}
 */
function intend(it, action, more = {}) {
  return {
    name: it.name,
    endpointName: it.endpointName,
    action,
    minutes: more.minutes ?? 0,
    until: more.until ?? 0,
    former: it.expiresAt,
    config: "",
    reason: more.reason ?? "",
    key: newKey(),
    ifMatch: action === "extend" ? null : more.ifMatch ?? it.etag,
    phase: "quoting",
    quote: null,
    problem: null,
    included: true,
    version: 0,
  };
}

/**
 * The request that an intent is.
 * @param {Intent} intent @returns {{method: string, path: string, asked: Asked}}
 */
function requestOf(intent) {
  const { endpointName, action, ifMatch } = intent;
  if (action === "release") {
    const query = { EndpointName: endpointName };
    return { method: "DELETE", path: "endpoint-expiry", asked: { query, ifMatch } };
  }
  /** @type {Record<string, unknown>} */
  const body = { EndpointName: endpointName };
  if (action === "until") {
    body.until = stamp(intent.until);
    if (intent.former && intent.until < intent.former) body.shorten = true;
  } else {
    body.minutes = intent.minutes;
  }
  if (intent.config) body.EndpointConfigName = intent.config;
  if (intent.reason.trim()) body.reason = intent.reason.trim();
  return { method: "POST", path: "endpoint-expiry", asked: { body, ifMatch } };
}

/** Ask what an intent comes to. @param {Intent} intent */
export async function quote(intent) {
  const version = ++intent.version;
  Object.assign(intent, { phase: "quoting", problem: null, key: newKey() });
  changed();
  const { method, path, asked } = requestOf(intent);
  const query = { ...asked.query, dry_run: "true" };
  try {
    const answer = await insist(send, method, path, { ...asked, query });
    if (version !== intent.version) return;
    Object.assign(intent, { phase: "quoted", quote: quoteOf(answer.body) });
    const { dialog } = state;
    if (dialog?.kind === "change" && dialog.eager) confirm(dialog);
  } catch (error) {
    if (version !== intent.version) return;
    Object.assign(intent, { phase: "refused", problem: problemOf(error), quote: null });
    if (state.dialog?.kind === "change") state.dialog.eager = false;
  }
  changed();
}

/**
 * Commit an intent; a repetition has the same key. Says whether it is done.
 * @param {Intent} intent
 */
async function commit(intent) {
  Object.assign(intent, { phase: "committing", problem: null });
  state.notes.set(intent.name, { kind: "busy", text: "committing…", commit: null });
  changed();
  const { method, path, asked } = requestOf(intent);
  try {
    const answer = await insist(send, method, path, { ...asked, key: intent.key });
    Object.assign(intent, { phase: "done", quote: quoteOf(answer.body) });
    committed(intent, answer);
    return true;
  } catch (error) {
    Object.assign(intent, { phase: "refused", problem: problemOf(error) });
    state.notes.delete(intent.name);
    changed();
    return false;
  }
}

/** @param {Intent} intent @param {Answer} answer */
function committed(intent, answer) {
  const { commit: id } = quoteOf(answer.body);
  const note = { kind: /** @type {const} */ ("done"), text: "live with the next tick", commit: id };
  state.notes.set(intent.name, note);
  refresh();
  follow(intent, id);
}

/** Say when a commit is live. @param {Intent} intent @param {string} id */
async function follow(intent, id) {
  const query = { commit: id, EndpointName: intent.endpointName };
  for (let looks = 0; looks < FOLLOWED; looks++) {
    await pause(FOLLOW);
    if (state.notes.get(intent.name)?.commit !== id) return;
    const answer = await send("GET", "reconcile", { query }).catch(() => null);
    if (!answer?.body?.Applied) continue;
    state.notes.set(intent.name, { kind: "done", text: "live", commit: id });
    say(`${intent.name} is as ${id.slice(0, 7)} wants it: live.`);
    refresh();
    await pause(UNDO);
    break;
  }
  if (state.notes.get(intent.name)?.commit === id) state.notes.delete(intent.name);
  changed();
}

/**
 * Open the dialog of a change for some rows, and ask for its quotes.
 * @param {Endpoint[]} items @param {Action} action
 * @param {{minutes?: number, until?: number, reason?: string}} [more]
 */
export function open(items, action, more = {}) {
  const intents = items.map((it) => intend(it, action, more));
  state.dialog = {
    kind: "change",
    action,
    intents,
    reason: more.reason ?? "",
    note: "",
    eager: false,
    finished: false,
    openedAt: performance.now(),
  };
  inTurns(intents, quote);
  changed();
}

/** @template T @param {T[]} items @param {(item: T) => Promise<unknown>} work */
async function inTurns(items, work) {
  const waiting = [...items];
  const one = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
}

/**
 * Add to what is asked for: presses that come together are one commit.
 * @param {ChangeDialog} dialog @param {number} minutes
 */
export function more(dialog, minutes) {
  for (const intent of dialog.intents) {
    intent.minutes = Math.max(intent.minutes + minutes, 1);
    if (intent.action === "extend") quote(intent);
  }
}

/** @param {ChangeDialog} dialog @param {number} until */
export function moveTo(dialog, until) {
  for (const intent of dialog.intents) {
    know(intent);
    Object.assign(intent, { action: "until", until });
  }
  dialog.action = "until";
  inTurns(dialog.intents, quote);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;

/**
 * A reason changes the message: it is quoted again when the typing rests.
 * @param {ChangeDialog} dialog @param {string} reason
 */
export function because(dialog, reason) {
  dialog.reason = reason;
  for (const intent of dialog.intents) {
    intent.reason = reason;
    intent.key = newKey();
  }
  clearTimeout(typing);
  if (dialog.intents.length === 1) {
    typing = setTimeout(() => dialog.intents.forEach((each) => each.quote && quote(each)), 400);
  }
}

/**
 * Commit what a dialog asks for, with the reason as it is typed now.
 * @param {ChangeDialog} dialog
 */
export async function confirm(dialog) {
  clearTimeout(typing);
  const wanted = dialog.intents.filter((each) => each.included && each.phase !== "done");
  if (dialog.intents.length > 1) return await many(dialog, wanted);
  const intent = wanted[0];
  if (!intent || intent.phase === "committing") return;
  if (intent.phase === "refused" && !intent.problem?.mayRepeat) return;
  if (intent.phase === "quoting") {
    dialog.eager = true;
    changed();
    return;
  }
  intent.version++; // a quote that is still asked for comes too late
  const before = find(intent.name);
  state.dialog = null;
  if (await commit(intent)) return told(intent, before);
  await refused(dialog, intent);
}

/** Go on from the lease as it is now. @param {Intent} intent */
function know(intent) {
  const it = find(intent.name);
  if (it) Object.assign(intent, { ifMatch: it.etag, former: it.expiresAt });
}

/**
 * Whether one of many may be sent: what was refused at its commit, again.
 * @param {ChangeDialog} dialog @param {Intent} intent
 */
export function isReady(dialog, intent) {
  return intent.phase === "quoted" || Boolean(intent.problem?.mayRepeat || dialog.finished);
}

/** @param {ChangeDialog} dialog @param {Intent[]} wanted */
async function many(dialog, wanted) {
  const ready = wanted.filter((each) => isReady(dialog, each));
  if (ready.some((each) => each.problem?.status === 412)) await refresh();
  for (const each of ready) if (each.problem?.status === 412) know(each);
  await inTurns(ready, commit);
  dialog.finished = true;
  const done = dialog.intents.filter((each) => each.phase === "done").length;
  say(`${done} of ${dialog.intents.filter((each) => each.included).length} are committed.`);
  if (state.dialog === dialog) changed();
}

/**
 * Say what is committed, and offer to take it back.
 * @param {Intent} intent @param {Endpoint | null} before
 */
function told(intent, before) {
  const { quote: result } = intent;
  const zone = zoneOf(state.place.filter.zone, before?.zone);
  const ends = result?.ends ? wall(result.ends, now(), zone) : "";
  const text = intent.action === "release"
    ? `${intent.name} is released: it stops with the next tick.`
    : `${intent.name} is on until ${ends}.`;
  const act = before && { label: "Undo", run: () => undo(intent, before) };
  const { name } = intent;
  tell({ name, text, tone: "good", commit: result?.commit ?? "", ...(act ? { act } : {}) }, UNDO);
}

/**
 * Take a change back by a commit of its own, if nobody has changed the lease since.
 * @param {Intent} intent @param {Endpoint} before
 */
async function undo(intent, before) {
  const { commit: id = "", ends = null } = intent.quote ?? {};
  const { action, until } = backwards(intent, before, ends, now());
  const back = intend({ ...before, expiresAt: ends }, action, { until });
  back.ifMatch = `"${id}"`;
  back.reason = back.action === "release" ? "" : `undo ${id.slice(0, 7)}`;
  if (await commit(back)) {
    const zone = zoneOf(state.place.filter.zone, before.zone);
    const end = back.action === "until" ? `on until ${wall(back.until, now(), zone)}` : "released";
    const text = `Undone: ${intent.name} is ${end}.`;
    const { name } = intent;
    return tell({ name, text, tone: "good", commit: back.quote?.commit ?? "" }, UNDO);
  }
  const { problem } = back;
  const why = problem?.status === 412 ? "somebody has changed it since." : problem?.message;
  tell({ text: `${intent.name} is left as it is: ${why}`, tone: "bad" }, 0);
}

/**
 * Come back with what stands in the way, and with all that was typed.
 * @param {ChangeDialog} dialog @param {Intent} intent
 */
async function refused(dialog, intent) {
  const { problem } = intent;
  dialog.eager = false;
  state.dialog = dialog;
  if (problem?.status === 401) return await refresh();
  if (problem?.status === 412) {
    await refresh();
    const it = find(intent.name);
    const who = it?.last ? `${it.last.by}, ${about(now() - it.last.at)} ago` : "somebody";
    dialog.note = `${intent.name} was changed meanwhile by ${who}. This is what it comes to now.`;
    know(intent);
    await quote(intent);
  }
  say(dialog.note || problem?.message || "");
  changed();
}

/** Open the form that adds an endpoint. */
export function openAdd() {
  const it = { name: "", endpointName: "", etag: null };
  const intent = intend(/** @type {Endpoint} */ (/** @type {unknown} */ (it)), "add");
  state.dialog = { kind: "add", intent: { ...intent, minutes: 60, phase: "refused" } };
  changed();
}

/** @param {Intent} intent */
export async function add(intent) {
  intent.name = intent.endpointName;
  if (!intent.quote) return await quote(intent);
  if (!(await commit(intent))) return;
  state.dialog = null;
  const text = `${intent.endpointName} is added: ${intent.quote?.why}.`;
  tell({ text, tone: "good", commit: intent.quote?.commit ?? "" }, UNDO);
}
