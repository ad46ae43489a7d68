// @ts-check
// The page's entry: it draws, and hands on what people do.

import { focusRow, refuse, run, submitted, typed } from "./commands.js";
import { readAbout } from "./detail.js";
import { pressed } from "./keys.js";
import { render } from "./lit.js";
import { readLink } from "./links.js";
import { begin, watch, works } from "./looking.js";
import { page } from "./page.js";
import * as place from "./place.js";
import { finish, issuer } from "./session.js";
import { changed, drawWith, state } from "./state.js";
import { tick } from "./ticker.js";

const narrow = matchMedia("(max-width: 1000px)");
const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const SHORT = 500; // between two presses that mean one thing

/** @type {{row: string, focus: HTMLElement | null}} */
const before = { row: "", focus: null };

function draw() {
  performance.mark("draw");
  render(page(narrow.matches), root);
  tick();
  showDialog();
  if (document.activeElement === document.body) focusFirst(root);
  performance.measure("leasehold draw", "draw");
  const { view } = state.place;
  const name = state.place.view === "endpoint" ? state.place.name : "";
  document.title = name ? `${name} - Leasehold` : "Leasehold";
  if (view === "endpoint") readAbout(name);
  if (state.place.view === "link") readLink(state.place.token);
}

/** Open or close the dialog as the state has it, and give the focus back to where it was. */
function showDialog() {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("dialog"));
  if (state.dialog && !dialog.open) {
    before.focus = /** @type {HTMLElement | null} */ (document.activeElement);
    before.row = state.dialog.kind === "change" ? state.dialog.intents[0]?.name ?? "" : "";
    dialog.showModal();
    focusFirst(dialog);
  } else if (!state.dialog && dialog.open) {
    dialog.close();
    const { focus, row } = before;
    if (focus?.isConnected && focus.checkVisibility()) focus.focus();
    else if (row) focusRow(row);
  }
}

/** @param {Element} within */
function focusFirst(within) {
  const wanted = within.querySelector("[data-focus]");
  if (wanted instanceof HTMLElement) wanted.focus();
}

function moved() {
  state.place = place.read(location.hash);
  state.menu = "";
  changed();
  scrollTo(0, 0);
}

/** @param {MouseEvent} event */
function clicked(event) {
  const target = /** @type {Element} */ (event.target);
  const element = target.closest("[data-do]");
  if (element instanceof HTMLElement) {
    if (element.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      return refuse(element.dataset.why ?? "That is not possible now.");
    }
    return run(element.dataset.do ?? "", { ...element.dataset }, element);
  }
  if (again(event, target)) return;
  const row = target.closest("#rows tr[data-name]");
  if (row instanceof HTMLElement && !target.closest("a")) focusRow(row.dataset.name ?? "");
}

/**
 * A second press of the same button reaches the dialog that the first one opened: it adds.
 * @param {MouseEvent} event @param {Element} target
 */
function again(event, target) {
  const { dialog } = state;
  if (target.id !== "dialog" || dialog?.kind !== "change" || dialog.action !== "extend") {
    return false;
  }
  const box = before.focus?.getBoundingClientRect();
  const hits = box && event.clientX >= box.left && event.clientX <= box.right &&
    event.clientY >= box.top && event.clientY <= box.bottom;
  if (!hits || event.timeStamp - dialog.openedAt > SHORT) return false;
  run("more", { minutes: before.focus?.dataset.minutes });
  return true;
}

/** @param {KeyboardEvent} event */
function key(event) {
  const { dialog } = state;
  const isText = event.target instanceof HTMLInputElement;
  const adds = { e: "30", E: "120" }[event.key];
  if (dialog?.kind === "change" && dialog.action === "extend" && adds && !isText) {
    event.preventDefault();
    return run("more", { minutes: adds });
  }
  if (!dialog) pressed(event);
  else if (types(event)) document.getElementById("reason")?.focus();
}

/**
 * Tell whether somebody begins to write a reason while the focus is on Commit.
 * @param {KeyboardEvent} event
 */
function types(event) {
  const isLetter = event.key.length === 1 && event.key !== " ";
  const isOnCommit = event.target instanceof HTMLElement && event.target.id === "commit";
  return isOnCommit && isLetter && !event.ctrlKey && !event.metaKey && !event.altKey;
}

function listen() {
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", key);
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement) typed(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) typed(event.target);
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted(/** @type {HTMLFormElement} */ (event.target));
  });
  document.addEventListener("cancel", (event) => {
    if (!(event.target instanceof HTMLDialogElement)) return;
    event.preventDefault();
    run("close", {});
  }, true);
  document.addEventListener("focusin", (event) => {
    const row = /** @type {Element} */ (event.target).closest("#rows tr[data-name]");
    if (row instanceof HTMLElement && row.dataset.name !== state.current) {
      state.current = row.dataset.name ?? "";
      changed();
    }
  });
  narrow.addEventListener("change", changed);
  addEventListener("hashchange", moved);
}

async function start() {
  drawWith(draw);
  listen();
  moved();
  state.issuer = await issuer();
  state.signInNote = await finish(state.issuer, works);
  moved();
  begin();
  setInterval(() => {
    performance.mark("tick");
    tick();
    performance.measure("leasehold tick", "tick");
    watch();
  }, 1000);
}

start();
