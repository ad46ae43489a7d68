// @ts-check
// What stands around the list: the line of sums, what to look for, and what is wrong.

import { html, nothing } from "./lit.js";
import { COLUMNS, commitLink, doing, list, skeleton } from "./list.js";
import { FACETS, families, SORTS, summary } from "./rows.js";
import { find, forbidden, now, stalled, state } from "./state.js";
import { about, day, money } from "./words.js";
import { detail } from "./detail.js";
import { linkPage } from "./links.js";
import { dialog, menu, signInForm } from "./dialogs.js";

/** @type {[string, string][]} */
const ZONES = [["", "local time"], ["utc", "UTC"], ["schedule", "schedule's zone"]];
const SORTED = new Map([
  ["", "needs me first"],
  ["name", "name"],
  ["state", "state"],
  ["ends", "soonest end"],
  ["cost", "dearest"],
  ["spent", "most spent"],
  ["kept", "kept by"],
  ["owner", "owner"],
]);

/** @param {boolean} narrow */
export function page(narrow) {
  return html`
    ${header()}
    <main>${main(narrow)}</main>
    ${bulk()} ${dialog()} ${menu()} ${toasts()}
  `;
}

/** @param {boolean} narrow */
function main(narrow) {
  if (state.place.view === "link") return linkPage();
  if (!state.fleet) {
    if (state.signedOut) return signInForm("");
    return state.problem ? failed() : skeleton();
  }
  if (state.place.view === "endpoint") return html`${banners()} ${detail(state.place.name)}`;
  return html`
    ${toolbar(narrow)} ${banners()}
    <div class="list ${state.problem ? "old" : ""}">${list(narrow)}</div>
  `;
}

function header() {
  return html`
    <header>
      <h1><a href="#/">Leasehold</a></h1>
      ${state.fleet ? html`<span class="environment">${state.fleet.environment}</span>` : nothing}
      <div class="sums">${state.fleet ? sums(state.fleet) : nothing}</div>
      ${state.me ? account(state.me) : nothing}
    </header>
  `;
}

/** @param {import("./types.js").Fleet} fleet */
function sums(fleet) {
  const { on, perHour, unpriced, soon, trouble } = summary(fleet.endpoints, now());
  const missing = unpriced ? ` and ${unpriced} without a price` : "";
  return html`
    <span><b>${on}</b> on</span>
    ${fleet.currency
      ? html`<span><b>${money(perHour, fleet.currency)}</b>/h${missing}</span>`
      : html`<span class="warn">no prices: run <code>leasehold prices update</code></span>`}
    <button type="button" class="plain" data-do="show"
      data-show="soon"><b>${soon}</b> ${soon === 1 ? "ends" : "end"} within 1 h</button>
    <button type="button" class="plain ${trouble ? "warn" : ""}" data-do="show"
      data-show="trouble"><b>${trouble}</b>
      ${trouble === 1 ? "needs" : "need"} you</button>
    ${fleet.currency && fleet.today !== null
      ? html`<span><b data-base=${fleet.today} data-since=${fleet.now} data-rate=${perHour}></b> today</span>`
      : nothing}
    ${prices(fleet)}
  `;
}

/** @param {import("./types.js").Fleet} fleet */
function prices(fleet) {
  if (fleet.pricesAt === null) return nothing;
  const read = day(fleet.pricesAt, "UTC");
  const old = fleet.oldPrices ? ", more than 90 days ago: run leasehold prices update" : "";
  const example = fleet.examplePrices ? "example prices of" : "prices of";
  return html`<span class=${fleet.oldPrices ? "warn" : "sub"}>${example} ${read}${old}</span>`;
}

/** @param {import("./types.js").Me} me */
function account(me) {
  return html`
    <button type="button" class="plain me" popovertarget="me">${me.name}</button>
    <div popover id="me" class="pop">
      <p><b>${me.name}</b><br>${me.email}</p>
      <p class="sub">Your token may ${me.scopes.join(", ") || "do nothing"}.</p>
      <button type="button" data-do="sign-out">Sign out</button>
    </div>
  `;
}

/** @param {boolean} narrow */
function toolbar(narrow) {
  const { filter } = state.place;
  const all = state.fleet?.endpoints ?? [];
  const owners = [...new Set(all.flatMap((it) => it.owner ? [it.owner] : []))].sort();
  const kinds = [...new Set(all.flatMap(families))].sort();
  return html`
    <div class="toolbar" role="search" aria-label="Endpoints">
      <input type="search" id="search" placeholder="Search name, owner, reason"
        aria-label="Search name, owner, reason" .value=${filter.q} data-field="q">
      <div class="facets" role="group" aria-label="Show">${Object.entries(FACETS).map(facet)}</div>
      ${select("owner", "Owner", [["", "any owner"], ...owners.map(same)])}
      ${select("family", "Instance family", [["", "any family"], ...kinds.map(same)])}
      ${select("zone", "Time zone", ZONES)}
      ${narrow
        ? select("sort", "Order", SORTS.map((each) => [each, SORTED.get(each) ?? each]))
        : more()}
      ${doing("add", "Add…", forbidden("add"))}
      <button type="button" data-do="help" aria-label="Keys and help">?</button>
      ${state.isOrderOld
        ? html`<button type="button" class="chip" data-do="arrange">Order changed, sort again</button>`
        : nothing}
      ${!narrow && filter.sort
        ? html`<button type="button" class="chip" data-do="sort" data-sort="">Needs me first</button>`
        : nothing}
    </div>
  `;
}

/** @param {string} text @returns {[string, string]} */
function same(text) {
  return [text, text];
}

/** @param {[string, {label: string, test: import("./rows.js").Test}]} facet */
function facet([key, { label, test }]) {
  const count = (state.fleet?.endpoints ?? []).filter((it) => test(it, now(), state.me)).length;
  return html`
    <button type="button" data-do="show" data-show=${key}
      aria-pressed=${state.place.filter.show ===
        key}>${label} <span class="count">${count}</span></button>
  `;
}

/**
 * @param {"owner" | "family" | "zone" | "sort"} field @param {string} label
 * @param {[string, string][]} options
 */
function select(field, label, options) {
  const value = state.place.filter[field];
  return html`
    <select aria-label=${label} data-field=${field}>
      ${options.map(([key, text]) =>
        html`<option value=${key} ?selected=${key === value}>${text}</option>`
      )}
    </select>
  `;
}

function more() {
  return html`
    <button type="button" popovertarget="columns">Columns</button>
    <div popover id="columns" class="pop">
      ${COLUMNS.filter((each) => each.isMore).map((each) =>
        html`
          <label><input type="checkbox" data-do="column" data-column=${each.key}
            .checked=${state.place.filter.cols.includes(each.key)}> ${each.label}</label>
        `
      )}
    </div>
  `;
}

function banners() {
  const { fleet, problem } = state;
  if (!fleet) return nothing;
  return html`
    ${problem ? html`<p class="banner bad">${stale(problem)}</p>` : nothing}
    ${fleet.violations.length
      ? html`
        <div class="banner bad">
          <p>The environment is frozen: nothing starts, stops or changes until this is mended.</p>
          <ul>${fleet.violations.map((each) => html`<li>${each}</li>`)}</ul>
        </div>
      `
      : nothing}
    ${fleet.seenAt === null
      ? html`<p class="banner">SageMaker: not seen yet. What stands here is what the ledger wants.</p>`
      : nothing}
  `;
}

/** @param {import("./api.js").Problem} problem */
function stale(problem) {
  const age = about(Date.now() - state.loadedAt);
  return html`${problem.message} What you see is ${age} old, and nothing can be changed.
    ${state.nextLook ? html`Next look in <span data-until=${state.nextLook}></span>.` : nothing}`;
}

function failed() {
  const { problem } = state;
  const title = problem?.status === 403
    ? "You may not see this environment"
    : "The ledger cannot be read";
  return html`
    <div class="empty">
      <h2>${title}</h2>
      <p>${problem?.message}</p>
      <p><button type="button" data-do="retry">Try again</button>
        <button type="button" data-do="sign-out">Sign in as somebody else</button></p>
    </div>
  `;
}

function bulk() {
  const items = [...state.marked].flatMap((name) => find(name) ?? []);
  if (!items.length || state.place.view !== "list") return nothing;
  const sum = items.filter((it) => it.billed).reduce((all, it) => all + Number(it.perHour ?? 0), 0);
  const why = forbidden("extend") || stalled();
  const acts = [
    doing("bulk-extend", "+30 min", why, { minutes: 30 }),
    doing("bulk-extend", "+2 h", why, { minutes: 120 }),
    doing("bulk-until", "until…", why),
    doing("bulk-release", "release…", why),
  ];
  return html`
    <div class="bulk" role="region" aria-label="Selected endpoints">
      <span><b>${items.length}</b> selected${state.fleet?.currency
        ? `, ${money(sum, state.fleet.currency)}/h`
        : ""}</span>
      ${acts}
      <button type="button" class="plain" data-do="unmark">Clear</button>
    </div>
  `;
}

function toasts() {
  return html`
    <div class="toasts" role="region" aria-label="Messages">${state.toasts.map((each) =>
      html`
        <div class="toast ${each.tone}">
          <span>${each.text} ${each.commit ? commitLink(each.commit) : nothing}</span>
          ${each.act
            ? html`<button type="button" data-do="toast" data-toast=${each.id}>${each.act.label}</button>`
            : nothing}
          <button type="button" class="plain" data-do="dismiss" data-toast=${each
            .id} aria-label="Dismiss">×</button>
        </div>
      `
    )}</div>
  `;
}
