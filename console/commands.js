// @ts-check
// What can be done on the page, by its name: buttons name it, and so do keys.

import { add, because, confirm, more, moveTo, open, openAdd } from "./changes.js";
import { commands } from "./curl.js";
import { readMore } from "./detail.js";
import { refresh } from "./looking.js";
import { EVERYTHING, write } from "./place.js";
import { isWanted } from "./rows.js";
import * as session from "./session.js";
import {
  arrange,
  blocked,
  changed,
  dismiss,
  find,
  forbidden,
  now,
  rows,
  say,
  state,
  tell,
} from "./state.js";
import { instantOf, nextClock, zoneOf } from "./words.js";

/** @typedef {Record<string, string | undefined>} Data */

/** @type {Record<string, (data: Data, element?: HTMLElement) => void>} */
const COMMANDS = {
  extend: ({ name = "", minutes }) => change([name], "extend", Number(minutes)),
  until: ({ name = "" }) => until([name]),
  release: ({ name = "" }) => change([name], "release"),
  "bulk-extend": ({ minutes }) => change([...state.marked], "extend", Number(minutes)),
  "bulk-until": () => until([...state.marked]),
  "bulk-release": () => change([...state.marked], "release"),
  more: ({ minutes }) => state.dialog?.kind === "change" && more(state.dialog, Number(minutes)),
  "until-at": ({ at }) => state.dialog?.kind === "change" && moveTo(state.dialog, Number(at)),
  include: ({ name }, element) => {
    const intents = state.dialog?.kind === "change" ? state.dialog.intents : [];
    const found = intents.find((each) => each.name === name);
    if (found) found.included = /** @type {HTMLInputElement} */ (element).checked;
  },
  close,
  add: () => openAdd(),
  help: () => {
    state.dialog = { kind: "help" };
  },
  menu: ({ name = "" }, element) => openMenu(name, element),
  details: ({ name = "" }) => location.assign(write(state.place.filter, name)),
  curl: ({ name = "" }) => copy(commands(find(name)?.endpointName ?? name)[0]?.command ?? ""),
  copy: ({ text = "" }) => copy(text),
  focus: ({ name = "" }) => focusRow(name),
  mark: ({ name = "" }) => mark(name),
  "mark-range": ({ name = "" }) => markRange(name),
  "mark-all": (_, element) => {
    const on = /** @type {HTMLInputElement} */ (element).checked;
    state.marked = new Set(on ? rows().map((it) => it.name) : []);
  },
  unmark: () => state.marked.clear(),
  show: ({ show = "" }) => filter({ show: state.place.filter.show === show ? "" : show }),
  sort: ({ sort = "" }) => {
    filter({ sort: sort && state.place.filter.sort === sort ? `-${sort}` : sort });
    arrange(false);
    say(sort ? `Sorted by ${sort}.` : "Needs me first.");
  },
  column: ({ column = "" }) => {
    const { cols } = state.place.filter;
    const rest = cols.filter((each) => each !== column);
    filter({ cols: rest.length < cols.length ? rest : [...cols, column] });
  },
  clear: () => filter({ ...EVERYTHING, zone: state.place.filter.zone }),
  arrange: () => arrange(false),
  older: () => void readMore(),
  retry: () => void refresh(),
  toast: ({ toast }) => {
    const found = state.toasts.find((each) => each.id === Number(toast));
    dismiss(Number(toast));
    found?.act?.run();
  },
  undo: () => run("toast", { toast: String(state.toasts.findLast((each) => each.act)?.id) }),
  dismiss: ({ toast }) => dismiss(Number(toast)),
  "sign-out": () => {
    session.signOut();
    Object.assign(state, { fleet: null, etag: null, me: null, about: null, problem: null });
    Object.assign(state, { dialog: null, marked: new Set(), signInNote: "" });
    refresh();
  },
  "sign-in-issuer": () => {
    if (state.issuer) session.begin(state.issuer).catch(signInFailed);
  },
};

/** @param {unknown} error */
function signInFailed(error) {
  state.signInNote = `The issuer does not answer: ${
    error instanceof Error ? error.message : error
  }`;
  changed();
}

/** Do what a name says. @param {string} name @param {Data} data @param {HTMLElement} [element] */
export function run(name, data, element) {
  const command = COMMANDS[name];
  if (!command) return;
  if (name !== "menu" && element?.closest("#menu")) document.getElementById("menu")?.hidePopover();
  command(data, element);
  changed();
}

/** Say why a button does nothing. @param {string} why */
export function refuse(why) {
  tell({ text: why, tone: "bad" }, 6000);
}

/**
 * @param {string[]} names @param {import("./rows.js").Action} action @param {number} [minutes]
 */
function change(names, action, minutes = 0) {
  const items = names.flatMap((name) => find(name) ?? []);
  const scope = action === "release" ? "release" : "extend";
  const why = forbidden(scope) || (items.length === 1 && items[0] ? blocked(items[0]) : "");
  if (why) return refuse(why);
  if (items.length) open(items, action, { minutes });
}

/** @param {string[]} names */
function until(names) {
  const items = names.flatMap((name) => find(name) ?? []);
  const [first] = items;
  const why = forbidden("extend") || (items.length === 1 && first ? blocked(first) : "");
  if (why) return refuse(why);
  if (!first) return;
  const zone = zoneOf(state.place.filter.zone, first.zone);
  const next = nextClock("18:00", now(), zone) ?? now();
  const ends = isWanted(first, now()) ? first.expiresAt ?? 0 : 0;
  const latest = first.limit ? now() + first.limit.minutes * 60_000 : Infinity;
  const at = Math.min(Math.max(next, ends + 30 * 60_000), latest);
  open(items, "until", { until: Math.floor(at / 60_000) * 60_000 });
}

function close() {
  if (state.dialog?.kind === "signin") return;
  state.dialog = null;
}

/** @param {Partial<import("./types.js").Filter>} change */
function filter(change) {
  const next = { ...state.place.filter, ...change };
  const name = state.place.view === "endpoint" && !("show" in change)
    ? state.place.name
    : undefined;
  state.place = { ...state.place, filter: next };
  history.replaceState(null, "", write(next, name));
  if (name === undefined && state.place.view === "endpoint") {
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
}

/** @param {string} name */
export function focusRow(name) {
  state.current = name;
  changed();
  queueMicrotask(() => {
    const row = document.querySelector(`#rows [data-name="${CSS.escape(name)}"]`);
    if (row instanceof HTMLElement) row.focus();
  });
}

/** @param {string} name */
function mark(name) {
  if (!state.marked.delete(name)) state.marked.add(name);
  state.anchor = name;
}

/** @param {string} name */
function markRange(name) {
  const names = rows().map((it) => it.name);
  const [from, to] = [names.indexOf(state.anchor || name), names.indexOf(name)].sort((a, b) =>
    a - b
  );
  for (const each of names.slice(Math.max(from ?? 0, 0), (to ?? 0) + 1)) state.marked.add(each);
}

/** @param {string} name @param {HTMLElement} [element] */
function openMenu(name, element) {
  state.menu = name;
  const box = element?.getBoundingClientRect();
  changed(); // its entries are drawn before it opens
  queueMicrotask(() => {
    const found = document.getElementById("menu");
    if (!found || !box) return;
    found.style.left = `${Math.max(Math.min(box.right - 170, innerWidth - 190), 8)}px`;
    found.style.top = `${Math.min(box.bottom + 4, innerHeight - 190)}px`;
    found.showPopover();
    found.querySelector("button")?.focus();
  });
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell({ text: "Copied.", tone: "good" }, 3000);
  } catch {
    tell({ text: `Copy it yourself: ${text}`, tone: "bad" }, 0);
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searching;

/** A field of the page has another value. @param {HTMLInputElement | HTMLSelectElement} field */
export function typed(field) {
  const { field: name } = field.dataset;
  const { dialog } = state;
  if (name === "q") {
    clearTimeout(searching);
    searching = setTimeout(() => {
      filter({ q: field.value });
      changed();
      say(`${rows().length} of ${state.fleet?.endpoints.length ?? 0} are shown.`);
    }, 80);
  } else if (name) {
    filter({ [name]: field.value });
    arrange(false);
    changed();
  } else if (dialog?.kind === "change" && field.name === "reason") {
    because(dialog, field.value);
  } else if (dialog?.kind === "change" && field.name === "until") {
    const zone = zoneOf(state.place.filter.zone, find(dialog.intents[0]?.name ?? "")?.zone);
    const at = instantOf(field.value, zone);
    if (at !== null) moveTo(dialog, at);
  } else if (dialog?.kind === "add") {
    dialog.intent.quote = null; // it was of something else
    changed();
  }
}

/** A form is sent: it does what its dialog is for. @param {HTMLFormElement} form */
export function submitted(form) {
  const said = new FormData(form);
  const { dialog } = state;
  if (form.dataset.form === "sign-in") {
    const token = String(said.get("token"));
    if (!/^[\x20-\x7e]+$/.test(token)) {
      state.signInNote = "That is no token: it has letters that none has.";
      return changed();
    }
    session.signIn(token);
    Object.assign(state, { signInNote: "", me: null, etag: null });
    signInAgain();
  } else if (dialog?.kind === "change") {
    confirm(dialog);
  } else if (dialog?.kind === "add") {
    const { intent } = dialog;
    Object.assign(intent, { config: said.get("config"), endpointName: said.get("endpoint") });
    Object.assign(intent, { minutes: Number(said.get("minutes")), reason: said.get("reason") });
    add(intent);
  }
}

async function signInAgain() {
  await refresh();
  if (state.signedOut) {
    session.signOut();
    state.signInNote = "That token is not known here, or has ended.";
  } else if (state.dialog?.kind === "signin") {
    state.dialog = state.interrupted;
    state.interrupted = null;
  }
  changed();
}
