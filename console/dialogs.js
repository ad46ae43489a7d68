// @ts-check
// What opens above the list: a change with its quote, many changes, keys, signing in.

/** @import {AddDialog, ChangeDialog, Intent} from "./changes.js" */

import { isReady } from "./changes.js";
import { html, nothing } from "./lit.js";
import { commitLink, doing, framed } from "./list.js";
import { isWanted } from "./rows.js";
import { blocked, find, forbidden, now, state } from "./state.js";
import { about, counted, field, money, nextClock, utc, wall, zoneOf } from "./words.js";

const MINUTE = 60_000;

/** What people may press, in the order in which the help has it. */
const KEYS = [
  ["↑ ↓ or k j", "another row"],
  ["Enter", "all about the endpoint"],
  ["e", "+30 min, or start it"],
  ["E", "+2 h"],
  ["u", "until…"],
  ["r", "release…"],
  ["x", "select; X selects a range"],
  ["/", "search"],
  ["s", "another order"],
  ["z", "undo the last change, within 10 s"],
  ["c", "copy the curl of +30 min"],
  ["Esc", "clear the selection"],
  ["?", "these keys"],
];

export function dialog() {
  const open = state.dialog;
  return html`<dialog id="dialog" aria-labelledby="dialog-title" class=${
    open?.kind === "change" && open.intents.length > 1 ? "many" : ""
  }>${inside()}</dialog>`;
}

function inside() {
  const open = state.dialog;
  if (open?.kind === "help") return help();
  if (open?.kind === "signin") {
    return signInForm("Your sign-in has ended. Nothing that you typed is lost.");
  }
  if (open?.kind === "add") return addForm(open);
  if (open?.kind === "change") return open.intents.length === 1 ? one(open) : many(open);
  return nothing;
}

/** @param {string} why */
export function signInForm(why) {
  return html`
    <form class="signin" data-form="sign-in">
      <h2 id="dialog-title">Sign in</h2>
      ${why ? html`<p>${why}</p>` : nothing}
      ${state.signInNote ? html`<p class="error" role="alert">${state.signInNote}</p>` : nothing}
      <label for="token">Token</label>
      <input type="password" id="token" name="token" autocomplete="off" required data-focus
        spellcheck="false">
      <p class="sub">It stays in this tab. <code>leasehold up</code> prints one;
        <code>leasehold token create</code> makes one.</p>
      <div class="buttons">
        ${state.issuer
          ? html`<button type="button" data-do="sign-in-issuer">Sign in with ${
            new URL(state.issuer.Issuer).host
          }</button>`
          : nothing}
        <button class="primary">Sign in</button>
      </div>
    </form>
  `;
}

function help() {
  return html`
    <h2 id="dialog-title">Keys</h2>
    <p class="sub">While a row of the table has the focus.</p>
    <dl class="keys">${KEYS.map(([key, what]) =>
      html`
        <dt><kbd>${key}</kbd></dt>
        <dd>${what}</dd>
      `
    )}</dl>
    <div
      class="buttons"><button type="button" class="primary" data-do="close" data-focus>Close</button></div>
  `;
}

/** @param {ChangeDialog} open */
function title(open) {
  const { intents, action } = open;
  const [first] = intents;
  const what = intents.length === 1 ? first?.name ?? "" : counted(intents.length, "endpoint");
  if (action === "release") return `Release ${what}`;
  if (action === "until") return `Keep ${what} until…`;
  const it = first && find(first.name);
  const starts = intents.length === 1 && it && !isWanted(it, now());
  return `${starts ? "Start" : "Extend"} ${what} ${starts ? "for" : "by"} ${
    about((first?.minutes ?? 0) * MINUTE)
  }`;
}

/** @param {ChangeDialog} open */
function one(open) {
  const intent = /** @type {Intent} */ (open.intents[0]);
  const stopped = intent.phase === "refused" && !intent.problem?.mayRepeat;
  return html`
    <form data-form="change">
      <h2 id="dialog-title">${title(open)}</h2>
      ${open.note ? html`<p class="banner">${open.note}</p>` : nothing}
      ${steps(open)} ${open.action === "until" ? untilFields(open) : nothing}
      <div class="quote">${quoted(intent)}</div>
      ${open.action === "release" ? nothing : reason(open)}
      <div class="buttons">
        <button type="button" data-do="close">Cancel</button>
        <button class="primary" id="commit" aria-disabled=${Boolean(
          stopped,
        )} data-focus>${open.eager ? "Committing…" : "Commit"}</button>
      </div>
    </form>
  `;
}

/** @param {ChangeDialog} open */
function steps(open) {
  if (open.action !== "extend") return nothing;
  return html`
    <div class="steps" role="group" aria-label="How much">
      <button type="button" data-do="more" data-minutes="-30" aria-disabled=${(open.intents[0]
        ?.minutes ?? 0) <= 30}>-30 min</button>
      <button type="button" data-do="more" data-minutes="30">+30 min</button>
      <button type="button" data-do="more" data-minutes="120">+2 h</button>
    </div>
  `;
}

/** @param {ChangeDialog} open */
function untilFields(open) {
  const first = find(open.intents[0]?.name ?? "");
  const zone = zoneOf(state.place.filter.zone, first?.zone);
  const { limit } = first ?? {};
  const latest = limit ? now() + limit.minutes * MINUTE : null;
  return html`
    <label for="until">Until</label>
    <div class="until">
      <input type="datetime-local" id="until" name="until" required .value=${field(
        open.intents[0]?.until ?? 0,
        zone,
      )}
        min=${field(now(), zone)} max=${latest ? field(latest, zone) : nothing}>
      <span class="sub">${wall(open.intents[0]?.until ?? 0, now(), zone)}</span>
    </div>
    <div class="steps" role="group" aria-label="Common times">
      ${["12:00", "18:00", "09:00"].map((clock) =>
        untilButton(clock, zone, latest, limit?.rule ?? "")
      )}
    </div>
    ${latest
      ? html`<p class="sub">Latest possible: ${wall(latest, now(), zone)}, by ${limit?.rule}.</p>`
      : nothing}
  `;
}

/**
 * @param {string} clock @param {string | undefined} zone @param {number | null} latest
 * @param {string} rule
 */
function untilButton(clock, zone, latest, rule) {
  const at = nextClock(clock, now(), zone);
  if (at === null) return nothing;
  const why = latest !== null && at > latest
    ? `That is beyond the latest possible, by ${rule}.`
    : "";
  return doing("until-at", wall(at, now(), zone), why, { at });
}

/** @param {Intent} intent */
function quoted(intent) {
  const { quote, problem } = intent;
  if (intent.phase === "refused" && problem) return refusal(intent);
  if (!quote) return html`<p class="sub">Asking what it comes to…</p>`;
  const it = find(intent.name);
  const zone = zoneOf(state.place.filter.zone, it?.zone);
  const cost = quote.added === null
    ? html`<span class="sub">no price</span>`
    : added(quote.added, quote.currency);
  const latest = it?.limit && intent.action === "extend"
    ? html`<span class="sub">, latest possible ${
      wall(now() + it.limit.minutes * MINUTE, now(), zone)
    }</span>`
    : nothing;
  return html`
    <p class=${intent.phase === "quoting" ? "again" : ""}>${ends(
      intent,
      zone,
    )} ${cost}${quote.example
      ? html`
        <span class="sub">by example prices</span>
      `
      : nothing}${latest}</p>
    ${quote.message
      ? html`<pre class="message" tabindex="0" aria-label="Commit message">${quote.message.trim()}</pre>`
      : nothing}
  `;
}

/** @param {Intent} intent @param {string | undefined} zone */
function ends({ action, quote, name }, zone) {
  if (action === "release") {
    const it = find(name);
    const again = it?.windows.length
      ? ` Its schedule turns it on again: ${it.windows.join(", ")}.`
      : "";
    return `It stops with the next tick.${again}`;
  }
  if (!quote?.ends) return quote?.why ?? "";
  return html`ends <b>${wall(quote.ends, now(), zone)}</b> <span class="sub">(${
    utc(quote.ends)
  })</span>`;
}

/** @param {string} amount @param {string | null} currency */
function added(amount, currency) {
  if (Number(amount) < 0) {
    return html`<b>${money(amount.replace("-", ""), currency)}</b> handed back`;
  }
  return html`<b>+${money(amount, currency)}</b>`;
}

/** @param {Intent} intent */
function refusal(intent) {
  const it = find(intent.name);
  const latest = it?.limit ? now() + it.limit.minutes * MINUTE : null;
  const offers = intent.problem?.status === 422 && latest !== null && intent.action !== "release";
  const most = offers ? wall(latest, now(), zoneOf(state.place.filter.zone, it?.zone)) : "";
  const at = Math.floor((latest ?? 0) / MINUTE) * MINUTE;
  return html`
    <p class="error" role="alert">${intent.problem?.message}</p>
    ${offers ? doing("until-at", `Extend to the most allowed, ${most}`, "", { at }) : nothing}
  `;
}

/** @param {ChangeDialog} open */
function reason(open) {
  return html`
    <label for="reason">Why</label>
    <input type="text" id="reason" name="reason" maxlength="500" autocomplete="off" .value=${open
      .reason}
      placeholder="for those who read the history">
  `;
}

const QUOTES = [html`<span class="hidden">Included</span>`, "Endpoint", "Result", "Cost"];

/** @param {ChangeDialog} open */
function many(open) {
  const refused = open.intents.filter((each) => each.phase === "refused");
  const others = open.intents.filter((each) => each.phase !== "refused");
  const wanted = open.intents.filter((each) => each.included && each.phase !== "done");
  const ready = wanted.filter((each) => isReady(open, each));
  return html`
    <form data-form="change">
      <h2 id="dialog-title">${title(open)}</h2>
      ${open.finished
        ? nothing
        : html`${steps(open)} ${open.action === "until" ? untilFields(open) : nothing}`}
      ${framed("Quotes", QUOTES, [...refused, ...others].map(manyRow))}
      <p>${total(others.filter((each) => each.included))}</p>
      ${open.action === "release" || open.finished ? nothing : reason(open)}
      <div class="buttons">
        <button type="button" data-do="close">${open.finished ? "Close" : "Cancel"}</button>
        <button class="primary" id="commit" data-focus aria-disabled=${ready.length
          ? "false"
          : "true"}>${open.finished ? `Retry ${wanted.length}` : `Commit ${ready.length}`}</button>
      </div>
    </form>
  `;
}

/** @param {Intent} intent */
function manyRow(intent) {
  const { quote } = intent;
  const zone = zoneOf(state.place.filter.zone, find(intent.name)?.zone);
  const fixed = intent.phase === "done" || intent.phase === "committing";
  const result = intent.phase === "done" && quote
    ? html`${commitLink(quote.commit)} ${ends(intent, zone)}`
    : intent.phase === "refused"
    ? html`<span class="error">${intent.problem?.message}</span>`
    : intent.phase === "quoted"
    ? ends(intent, zone)
    : html`<span class="sub">${intent.phase === "committing" ? "committing…" : "asking…"}</span>`;
  const box = html`
    <input type="checkbox" data-do="include" data-name=${intent.name} .checked=${intent.included}
      ?disabled=${fixed} aria-label=${`Include ${intent.name}`}>
  `;
  const cost = quote?.added ? added(quote.added, quote.currency) : nothing;
  return [box, html`<b>${intent.name}</b>`, result, cost];
}

/** @param {Intent[]} intents */
function total(intents) {
  const priced = intents.flatMap(({ quote }) => quote?.added ? [quote] : []);
  if (!priced.length) return nothing;
  const sum = priced.reduce((all, each) => all + Number(each.added), 0);
  const missing = intents.length - priced.length;
  return html`Together ${added(sum.toFixed(2), priced[0]?.currency ?? null)}${
    missing ? `, and ${missing} without a price` : ""
  }.`;
}

/** @param {AddDialog} open */
function addForm({ intent }) {
  const { quote, problem } = intent;
  return html`
    <form data-form="add">
      <h2 id="dialog-title">Add an endpoint</h2>
      <p class="sub">On an endpoint config that exists in SageMaker already. Anything else is a definition in git.</p>
      <label for="config">Endpoint config</label>
      <input type="text" id="config" name="config" required maxlength="63" autocomplete="off" data-focus .value=${intent
        .config}>
      <label for="endpoint">Endpoint's name in SageMaker</label>
      <input type="text" id="endpoint" name="endpoint" required maxlength="63" autocomplete="off" .value=${intent
        .endpointName}>
      <label for="minutes">Minutes</label>
      <input type="number" id="minutes" name="minutes" required min="1" step="1" .value=${String(
        intent.minutes,
      )}>
      <label for="reason">Why</label>
      <input type="text" id="reason" name="reason" maxlength="500" autocomplete="off" .value=${intent
        .reason}>
      ${problem ? html`<p class="error" role="alert">${problem.message}</p>` : nothing}
      ${quote ? html`<div class="quote">${quoted(intent)}</div>` : nothing}
      <div class="buttons">
        <button type="button" data-do="close">Cancel</button>
        <button class="primary" id="commit">${quote ? "Commit" : "See what it comes to"}</button>
      </div>
    </form>
  `;
}

/** The menu of a row. It is one for all of them, and stands where it was opened. */
export function menu() {
  const it = find(state.menu);
  return html`
    <div popover id="menu" class="pop" role="dialog" aria-label="More"
    >${it ? entries(it) : nothing}</div>
  `;
}

/** @param {import("./types.js").Endpoint} it */
function entries(it) {
  const { name } = it;
  const why = blocked(it);
  return html`
    <p class="sub">${name}</p>
    ${doing("until", "until…", forbidden("extend") || why, { name })} ${doing(
      "release",
      "Release…",
      forbidden("release") || why,
      { name },
    )} ${doing("details", "All about it", "", { name })} ${doing("curl", "Copy curl", "", { name })}
  `;
}
