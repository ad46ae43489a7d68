// @ts-check
// One endpoint: why it is as it is, what it did, who paid, and how it is defined.

/** @import {Endpoint} from "./types.js" */
/** @import {Problem} from "./api.js" */
/** @import {Json} from "./wire.js" */

import { problemOf } from "./api.js";
import { commands } from "./curl.js";
import { html, nothing } from "./lit.js";
import { badgeOf, button, commitLink, endsOf, extending, framed, hosts } from "./list.js";
import { send } from "./looking.js";
import { write } from "./place.js";
import { changed, find, now, state } from "./state.js";
import { marks } from "./timeline.js";
import { about, money, utc, wall, zoneOf } from "./words.js";

/**
 * @typedef {object} About
 * @property {string} name
 * @property {string} commit  of the ledger when it was read
 * @property {Json | null} told
 * @property {Json[] | null} history
 * @property {string | null} more  the address of the next page
 * @property {Problem | null} problem
 */

/**
 * Read all about an endpoint, when it is opened and when its ledger has moved.
 * @param {string} name
 */
export async function readAbout(name) {
  const it = find(name);
  const commit = state.fleet?.commit ?? "";
  if (!it || (state.about?.name === name && state.about.commit === commit)) return;
  const before = state.about?.name === name ? state.about : null;
  /** @type {About} */
  const told = before
    ? { ...before, commit }
    : { name, commit, told: null, history: null, more: null, problem: null };
  state.about = told;
  try {
    const query = { EndpointName: it.endpointName, limit: "20" };
    const [answer, history] = await Promise.all([
      send("GET", `fleet/${encodeURIComponent(it.endpointName)}`),
      send("GET", "endpoint-expiry/history", { query }),
    ]);
    told.told = answer.body;
    told.history = history.body;
    told.more = nextOf(history.link);
    told.problem = null;
  } catch (error) {
    told.problem = problemOf(error);
  }
  changed();
}

export async function readMore() {
  const about = state.about;
  if (!about?.more) return;
  const query = Object.fromEntries(new URL(about.more).searchParams);
  const page = await send("GET", "endpoint-expiry/history", { query }).catch(() => null);
  if (!page) return;
  about.history = [...about.history ?? [], ...page.body];
  about.more = nextOf(page.link);
  changed();
}

/** @param {string | null} link */
function nextOf(link) {
  return /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1] ?? null;
}

const UNPROVEN = html`
  <span class="warn">not proven</span>
`;

/** @param {string} name */
export function detail(name) {
  const it = find(name);
  const back = html`<p><a class="back" href=${write(state.place.filter)}>All endpoints</a></p>`;
  if (!it) {
    return html`
      ${back}<div class="empty">
        <p>There is no endpoint ${name} in this environment.</p>
      </div>
    `;
  }
  const about = state.about?.name === name ? state.about : null;
  return html`
    ${back}
    <article class="detail">
      <div class="line top">
        <h2>${it.name}</h2> ${badgeOf(it)} <span class="push actions">${extending(it, 0)}
          ${button(it, "until", "until…")}
          ${button(it, "release", "Release…", { scope: "release" })}</span>
      </div>
      <p class="line big">${endsOf(it)}</p>
      <p class="sub">${it.endpointName} ${hosts(it)}</p>
      ${about?.problem ? html`<p class="banner bad">${about.problem.message}</p>` : nothing}
      ${about?.told ? told(it, about.told, about) : html`<p class="empty">Reading its history…</p>`}
      <section aria-labelledby="by-hand"><h3 id="by-hand">By hand</h3>${byHand(it)}</section>
    </article>
  `;
}

/** @param {Endpoint} it @param {Json} told @param {About} about */
function told(it, told, about) {
  return html`
    <section aria-labelledby="why">
      <h3 id="why">Why</h3>
      <dl>${told.Explain.map((/** @type {Json} */ each) =>
        html`
          <dt>${each.Question}</dt>
          <dd>${each.Answer}</dd>
        `
      )}</dl>
    </section>
    <section aria-labelledby="when"><h3 id="when">Seven days, and the next two</h3>${timeline(
      it,
      told.Timeline,
    )}</section>
    <section aria-labelledby="who"><h3 id="who">Who kept it, when and why</h3>${history(
      it,
      about,
    )}</section>
    <section
      aria-labelledby="cost"><h3 id="cost">Cost by person in these seven days</h3>${costs(
        told,
      )}</section>
    <section aria-labelledby="what"><h3 id="what">Definition</h3>
      <p class="sub">${told.DefinitionPath}</p>
      ${it.errors.map((each) => html`<p class="error">${each}</p>`)}
      <pre tabindex="0">${told.Definition
        ? JSON.stringify(told.Definition, null, 2)
        : "It is no JSON."}</pre>
    </section>
  `;
}

/** @param {Endpoint} it @param {Json} line */
function timeline(it, line) {
  const zone = zoneOf(state.place.filter.zone, it.zone);
  const { items, days, at } = marks(line, now(), zone);
  return html`
    <div class="timeline">
      <ul class="days" aria-hidden="true">${days.map((each) =>
        html`<li .style=${`left:${each.left}%;width:${each.width}%`}>${each.label}</li>`
      )}</ul>
      <ol>${items.map((each) =>
        html`
          <li class=${each.kind} .style=${`left:${each.left}%;width:${each.width}%`} title=${each
            .text}>
            <span class="hidden">${each.text}</span></li>
        `
      )}</ol>
      <span class="now" aria-hidden="true" .style=${`left:${at}%`}></span>
    </div>
    <p class="legend sub" aria-hidden="true"><span class="key starting"></span> starting
      <span class="key service"></span> in service <span class="key leased"></span> leased ahead
      <span class="key scheduled"></span> scheduled ahead <span class="key idle"></span> ended for want of use
      <span class="key gap"></span> nobody looked</p>
    ${items.length ? nothing : html`<p class="sub">Nothing in this time.</p>`}
  `;
}

/** @param {Endpoint} it @param {About} about */
function history(it, about) {
  if (!about.history?.length) return html`<p class="sub">Nobody has leased it yet.</p>`;
  const zone = zoneOf(state.place.filter.zone, it.zone);
  /** @param {string | null} text */
  const time = (text) =>
    text
      ? html`<span title=${utc(Date.parse(text))}>${wall(Date.parse(text), now(), zone)}</span>`
      : "–";
  const rows = about.history.map((each) => [
    time(each.At),
    html`${each.By.Name}${each.Proven === false ? UNPROVEN : nothing}`,
    each.Action,
    time(each.From),
    time(each.To),
    each.Reason ?? nothing,
    commitLink(each.Commit),
  ]);
  return html`
    ${framed("History", ["When", "Who", "Did", "From", "To", "Why", "Commit"], rows)}
    ${about.more ? html`<button type="button" data-do="older">Older</button>` : nothing}
  `;
}

/** @param {Json} told */
function costs(told) {
  if (!told.CostByPerson.length) return html`<p class="sub">It was not in service.</p>`;
  const rows = told.CostByPerson.map((/** @type {Json} */ each) => [
    each.Who,
    about(each.Seconds * 1000),
    each.Cost === null ? "no price" : money(each.Cost, told.Currency),
  ]);
  return framed("Cost", ["Who", "In service", "Cost"], rows);
}

/** @param {Endpoint} it */
function byHand(it) {
  return html`
    <p class="sub">With your token in <code>LEASEHOLD_TOKEN</code>.</p>
    ${commands(it.endpointName).map(({ label, command }) =>
      html`
        <div class="command"><span>${label}</span>
          <button type="button" data-do="copy" data-text=${command} aria-label=${`Copy: ${label}`}>Copy</button>
          <pre tabindex="0">${command}</pre></div>
      `
    )}
  `;
}
