// @ts-check
// The keys of the list. They count only while a row has the focus, so that nobody presses one by
// mistake, or speaks it.

import { run } from "./commands.js";
import { SORTS } from "./rows.js";
import { rows, state } from "./state.js";

/** @type {Record<string, (name: string) => void>} */
const KEYS = {
  ArrowDown: () => move(1),
  j: () => move(1),
  ArrowUp: () => move(-1),
  k: () => move(-1),
  Home: () => move(-Infinity),
  End: () => move(Infinity),
  Enter: (name) => run("details", { name }),
  e: (name) => run("extend", { name, minutes: "30" }),
  E: (name) => run("extend", { name, minutes: "120" }),
  u: (name) => run("until", { name }),
  r: (name) => run("release", { name }),
  x: (name) => run("mark", { name }),
  X: (name) => run("mark-range", { name }),
  "/": () => document.getElementById("search")?.focus(),
  s: () =>
    run("sort", { sort: SORTS[(SORTS.indexOf(state.place.filter.sort) + 1) % SORTS.length] }),
  c: (name) => run("curl", { name }),
  "?": () => run("help", {}),
  Escape: () => run("unmark", {}),
};

/** @param {KeyboardEvent} event */
export function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const row = target.closest("#rows tr[data-name]");
  if (!(row instanceof HTMLElement)) return;
  const onRow = target === row;
  if (!onRow && (event.key === "Enter" || event.key === " ")) return;
  const key = KEYS[event.key];
  if (!key) return;
  event.preventDefault();
  key(row.dataset.name ?? "");
}

/** @param {number} by */
function move(by) {
  const names = rows().map((it) => it.name);
  const at = names.indexOf(state.current);
  const next = names[Math.min(Math.max(at + by, 0), names.length - 1)];
  if (next !== undefined) run("focus", { name: next });
}
