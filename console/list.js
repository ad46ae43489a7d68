// @ts-check
// The list: a table, and on a phone cards. What counts down is filled in by the ticker.

/** @import {Badge, Endpoint} from "./types.js" */

import { html, nothing, repeat } from "./lit.js";
import { write } from "./place.js";
import { badge, endOf, isAsleep, isOverdue, isWanted } from "./rows.js";
import { blocked, forbidden, now, rows, state } from "./state.js";
import { about, money, utc, wall, zoneOf } from "./words.js";

/** @typedef {{key: string, label: string, sort?: string, isMore?: boolean}} Column */

/** @type {Column[]} */
export const COLUMNS = [
  { key: "name", label: "Endpoint", sort: "name" },
  { key: "sagemaker", label: "SageMaker name", isMore: true },
  { key: "state", label: "State", sort: "state" },
  { key: "started", label: "Started", isMore: true },
  { key: "ends", label: "Ends", sort: "ends" },
  { key: "cost", label: "$/h", sort: "cost" },
  { key: "spent", label: "So far", sort: "spent" },
  { key: "kept", label: "Kept by", sort: "kept" },
  { key: "owner", label: "Owner", sort: "owner", isMore: true },
  { key: "idle", label: "Idle rule", isMore: true },
];

/** @param {string} name */
export function shape(name) {
  return html`
    <svg class="shape" viewBox="0 0 12 12" aria-hidden="true">
      <use href=${`#s-${name}`} />
    </svg>
  `;
}

/** @param {Endpoint} it */
export function badgeOf(it) {
  const said = badge(it, now());
  const asOf = it.seen?.asOf ? `SageMaker as noted at ${utc(it.seen.asOf)}` : nothing;
  return html`
    <span class="badge ${said.tone} ${said.unseen ? "unseen" : ""}"
      title=${asOf}>${shape(
        said.shape,
      )}${said.text}</span>${said.sub
        ? html`
          <span class="sub">${said.sub}</span>
        `
        : nothing}
  `;
}

/** @param {Endpoint} it */
export function hosts(it) {
  return it.hosts.map((host) => `${host.count}×${host.type}`).join(" + ");
}

/** @param {string} commit */
export function commitLink(commit) {
  const short = commit.slice(0, 7);
  const url = state.fleet?.commitUrl?.replace("{commit}", commit);
  return url
    ? html`<a class="commit" href=${url} rel="noreferrer">${short}</a>`
    : html`<code class="commit" title=${commit}>${short}</code>`;
}

/** @param {Endpoint} it */
export function endsOf(it) {
  const note = state.notes.get(it.name);
  if (note?.kind === "busy") return html`<span class="note busy">${note.text}</span>`;
  const said = note?.commit
    ? html`<span class="note">${commitLink(note.commit)} ${note.text}</span>`
    : nothing;
  return html`${end(it)}${said}`;
}

/** @param {Endpoint} it */
function end(it) {
  if (it.state === "frozen") return nothing;
  const at = endOf(it);
  const zone = zoneOf(state.place.filter.zone, it.zone);
  if (at !== null && isWanted(it, now())) {
    return html`
      <span class="left" data-until=${at}></span>
      <time class="wall" datetime=${new Date(at).toISOString()} title=${utc(at)}>${wall(
        at,
        now(),
        zone,
      )}</time>${idle(it)}
    `;
  }
  if (it.next?.turns === "on") {
    return html`<span class="sub" title=${utc(it.next.at)}>on ${
      wall(it.next.at, now(), zone)
    }</span>`;
  }
  if (it.expiresAt !== null && isOverdue(it, now())) {
    const over = about(now() - it.expiresAt);
    return html`<span class="left" data-urgency="now" title=${
      utc(it.expiresAt)
    }>${over} over</span>`;
  }
  if (it.expiresAt !== null && it.expiresAt <= now()) {
    return html`<span class="sub" title=${utc(it.expiresAt)}>${
      wall(it.expiresAt, now(), zone)
    }</span>`;
  }
  return html`<span class="sub">${it.wanted ? "no end" : ""}</span>`;
}

/** @param {Endpoint} it */
function idle(it) {
  if (it.activeMinutes !== null) {
    return html`
      <span class="sub idle">longer while it is used</span>
    `;
  }
  if (it.idleMinutes === null) return nothing;
  return html`
    <span class="sub idle">or when idle for ${it.idleMinutes} min</span>
  `;
}

/** @param {Endpoint} it */
function perHour(it) {
  if (isAsleep(it)) return html`<span class="sub">asleep</span>`;
  if (it.perHour === null) {
    return html`<span class="sub">${state.fleet?.currency ? "no price" : "no prices"}</span>`;
  }
  const said = money(it.perHour, state.fleet?.currency ?? null);
  return it.billed ? said : html`<span class="sub">${said}</span>`;
}

/** @param {Endpoint} it */
function soFar(it) {
  if (!it.billed || it.soFar === null) return nothing;
  if (it.runsSince === null || it.perHour === null) {
    return money(it.soFar, state.fleet?.currency ?? null);
  }
  return html`<span data-since=${it.runsSince} data-rate=${it.perHour}></span>`;
}

/** @type {Record<string, string>} what the controller does by itself */
const BY_ITSELF = {
  grant: "first lease",
  idle: "ended for want of use",
  credit: "credit for a start",
};

/** @param {Endpoint} it */
function keptBy(it) {
  if (it.errors.length) {
    return html`<span class="error" title=${it.errors.join("\n")}>${it.errors[0]}</span>`;
  }
  if (it.state === "scheduled") return html`<span class="sub">${it.windows.join(", ")}</span>`;
  if (!it.last) return nothing;
  const byItself = it.last.reason ? undefined : BY_ITSELF[it.last.action];
  if (byItself && it.last.email.endsWith("@leasehold.invalid")) {
    return html`<span class="sub" title=${utc(it.last.at)}>${byItself}</span>`;
  }
  const { reason } = it.last;
  return html`
    <span title=${`${it.last.action}, ${utc(it.last.at)}`}>${it.last.by}${reason
      ? html`: <span class="why">${reason}</span>`
      : nothing}</span>
  `;
}

/** @type {Record<string, (it: Endpoint) => unknown>} */
const CELLS = {
  sagemaker: (it) => it.endpointName,
  state: badgeOf,
  started: (it) =>
    it.runsSince ? wall(it.runsSince, now(), zoneOf(state.place.filter.zone)) : nothing,
  ends: endsOf,
  cost: perHour,
  spent: soFar,
  kept: keptBy,
  owner: (it) => it.owner ?? nothing,
  idle: (it) => it.idleMinutes === null ? nothing : `after ${it.idleMinutes} min`,
};

/**
 * A button that does something; where it cannot, it says why when it is pressed.
 * @param {string} act @param {unknown} label @param {string} why
 * @param {{name?: string, minutes?: number, at?: number, tab?: number}} [more]
 */
export function doing(act, label, why, { name, minutes, at, tab = 0 } = {}) {
  return html`
    <button type="button" tabindex=${tab} data-do=${act} data-name=${name ?? nothing}
      data-minutes=${minutes ?? nothing} data-at=${at ?? nothing} aria-disabled=${Boolean(why)}
      data-why=${why || nothing} title=${why || nothing}>${label}</button>
  `;
}

/**
 * A button that changes one lease.
 * @param {Endpoint} it @param {string} act @param {string} label
 * @param {{scope?: string, minutes?: number, tab?: number}} [more]
 */
export function button(it, act, label, { scope = "extend", ...more } = {}) {
  const said = html`${label}<span class="hidden"> for ${it.name}</span>`;
  return doing(act, said, forbidden(scope) || blocked(it), { name: it.name, ...more });
}

/**
 * The buttons of a row.
 * @param {Endpoint} it @param {number} tab
 */
export function actions(it, tab) {
  return html`
    ${extending(it, tab)}
    <button type="button" class="menu" tabindex=${tab} data-do="menu" data-name=${it.name}
      aria-haspopup="true" aria-label=${`More for ${it.name}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <use href="#s-more" />
      </svg>
    </button>
  `;
}

/** @param {Endpoint} it @param {number} tab */
export function extending(it, tab) {
  if (!isWanted(it, now()) && it.state !== "frozen") {
    return button(it, "extend", "start 30 min", { minutes: 30, tab });
  }
  return [
    button(it, "extend", "+30 min", { minutes: 30, tab }),
    button(it, "extend", "+2 h", { minutes: 120, tab }),
  ];
}

/** @param {Endpoint} it */
function nameOf(it) {
  const href = write(state.place.filter, it.name);
  return html`
    <a class="name" href=${href} tabindex="-1">${it.name}</a> <span
      class="sub hosts">${hosts(it)}</span>
  `;
}

/** @param {Endpoint} it @param {Column[]} columns */
function row(it, columns) {
  const isCurrent = it.name === state.current;
  const tab = isCurrent ? 0 : -1;
  return html`
    <tr data-name=${it.name} tabindex=${tab} aria-selected=${state.marked.has(it.name)}
      class=${state.notes.has(it.name) ? "changed" : ""}>
      <td><input type="checkbox" tabindex=${tab} data-do="mark" data-name=${it.name}
        .checked=${state.marked.has(it.name)} aria-label=${`Select ${it.name}`}></td>
      <th scope="row">${nameOf(it)}</th>
      ${columns.slice(1).map((column) =>
        html`<td class=${column.key}>${CELLS[column.key]?.(it)}</td>`
      )}
      <td class="actions">${actions(it, tab)}</td>
    </tr>
  `;
}

/** @param {Column} column */
function heading(column) {
  const { sort } = state.place.filter;
  if (!column.sort) return html`<th scope="col" class=${column.key}>${column.label}</th>`;
  const turned = sort === `-${column.sort}`;
  const order = sort === column.sort ? "ascending" : turned ? "descending" : nothing;
  return html`
    <th scope="col" class=${column.key} aria-sort=${order}>
      <button type="button" class="sort" data-do="sort" data-sort=${column.sort}>${column
        .label}</button>
    </th>
  `;
}

/**
 * A plain table, in a frame that scrolls by itself.
 * @param {string} label @param {unknown[]} head @param {unknown[][]} body
 */
export function framed(label, head, body) {
  return html`
    <div class="wide" tabindex="0" role="region" aria-label=${label}>
      <table>
        <thead>
          <tr>${head.map((each) => html`<th scope="col">${each}</th>`)}</tr>
        </thead>
        <tbody>${body.map((row) =>
          html`<tr>${row.map((each) => html`<td>${each}</td>`)}</tr>`
        )}</tbody>
      </table>
    </div>
  `;
}

export function columns() {
  return COLUMNS.filter((each) => !each.isMore || state.place.filter.cols.includes(each.key));
}

/** @param {Endpoint[]} items */
export function table(items) {
  const shownColumns = columns();
  const all = items.length > 0 && items.every((it) => state.marked.has(it.name));
  return html`
    <table role="grid" id="rows" aria-label="Endpoints" aria-multiselectable="true">
      <thead>
        <tr>
          <th scope="col"><input type="checkbox" data-do="mark-all" .checked=${all}
            aria-label="Select all that are shown"></th>
          ${shownColumns.map(heading)}
          <th scope="col"><span class="hidden">Actions</span></th>
        </tr>
      </thead>
      <tbody>
        ${repeat(items, (it) => it.name, (it) => row(it, shownColumns))}
      </tbody>
    </table>
  `;
}

/** @param {Endpoint} it */
function costs(it) {
  const hourly = it.perHour && !isAsleep(it) ? html`${perHour(it)} an hour` : perHour(it);
  return it.billed && it.soFar !== null ? html`${hourly}, ${soFar(it)} so far` : hourly;
}

/** @param {Endpoint} it */
function card(it) {
  return html`
    <li data-name=${it.name} class="card ${state.notes.has(it.name) ? "changed" : ""}">
      <div class="line">
        <label class="pick"><input type="checkbox" data-do="mark" data-name=${it.name}
          .checked=${state.marked.has(it.name)} aria-label=${`Select ${it.name}`}></label>
        <a class="name" href=${write(state.place.filter, it.name)}>${it.name}</a>
        <span class="push">${badgeOf(it)}</span>
      </div>
      <div class="line big">${endsOf(it)}</div>
      <div class="line"><span class="sub">${hosts(it)}</span><span class="push">${costs(
        it,
      )}</span></div>
      <div class="line kept">${keptBy(it)}</div>
      <div class="line actions">${actions(it, 0)}</div>
    </li>
  `;
}

/** @param {Endpoint[]} items */
function cards(items) {
  return html`<ul id="rows" class="cards" aria-label="Endpoints">${
    repeat(items, (it) => it.name, card)
  }</ul>`;
}

export function skeleton() {
  return html`
    <div class="skeleton" aria-hidden="true">${Array.from(
      { length: 8 },
      () => html`<div></div>`,
    )}</div>
    <p class="empty">${state.slow ? "Still reading the ledger…" : "Reading the ledger…"}</p>
  `;
}

/** @param {boolean} narrow */
export function list(narrow) {
  const items = rows();
  if (!items.some((it) => it.name === state.current)) state.current = items[0]?.name ?? "";
  if (items.length) return narrow ? cards(items) : table(items);
  return state.fleet?.endpoints.length ? noMatch() : emptyLedger();
}

function noMatch() {
  return html`
    <div class="empty">
      <p>No endpoint is like that.</p>
      <button type="button" data-do="clear">Clear search and filters</button>
    </div>
  `;
}

function emptyLedger() {
  const environment = state.fleet?.environment ?? "dev";
  return html`
    <div class="empty">
      <h2>There is no endpoint in ${environment} yet</h2>
      <p>Commit a definition such as this as <code>environments/${environment}/First.endpoint.json</code>,
        and give it a lease:</p>
      <pre>${JSON.stringify(FIRST, null, 2)}</pre>
      <p>Or add one on an endpoint config that exists:
        <button type="button" data-do="add">Add an endpoint…</button></p>
    </div>
  `;
}

const FIRST = {
  name: "First",
  model: { image: "ACCOUNT.dkr.ecr.REGION.amazonaws.com/IMAGE:TAG" },
  inference_instance_type: "ml.g5.xlarge",
  inference_type: "realtime",
  schedule: { initial_provision_minutes: 30 },
};
