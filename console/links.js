// @ts-check
// The page of a notice's link: it asks what the link would do, and does it when a person presses
// the button. Looking at it changes nothing, for machines follow links and run what they find.

import { problemOf, sender } from "./api.js";
import { signInForm } from "./dialogs.js";
import { html, nothing } from "./lit.js";
import { send } from "./looking.js";
import { token } from "./session.js";
import { changed, say } from "./state.js";
import { money, utc, wall } from "./words.js";

/**
 * @typedef {object} Told  what the API says of a link
 * @property {"extend" | "release"} Action
 * @property {"ready" | "moved" | "done" | "used"} State
 * @property {string} Sentence
 * @property {string} EndpointName
 * @property {number} Minutes
 * @property {string | null} Was
 * @property {string} ExpiresAt
 * @property {{Name: string, Email: string} | null} By
 * @property {boolean} SignIn
 * @property {string} Commit
 * @property {string | null} CommitMessage
 * @property {{Added: string, Currency: string, Example?: true} | null} Cost
 * @property {string} Now
 */

const nobody = sender(() => null);

/**
 * `by` is who was signed in when it was asked last, and `asCaller` whether that was asked as they.
 * @type {{link: string, by: string | null, asCaller: boolean, told: Told | null, problem: string,
 *   busy: boolean}}
 */
const held = { link: "", by: null, asCaller: false, told: null, problem: "", busy: false };

/**
 * Ask what a link would do: once, and again as who signed in, where it needs somebody.
 * @param {string} link
 */
export function readLink(link) {
  const waits = held.told?.SignIn && held.by !== token();
  if (held.link === link && !waits) return;
  Object.assign(held, { link, asCaller: false, told: null, problem: "" });
  ask(false);
}

/** @param {MouseEvent} event */
function pressed(event) {
  if (event.isTrusted && !held.busy) ask(true);
}

/** @param {boolean} really */
async function ask(really) {
  const { link } = held;
  Object.assign(held, { busy: true, by: token(), problem: "" });
  changed();
  try {
    let answer = await post(link, really);
    if (answer.SignIn && held.by !== null) {
      held.asCaller = true;
      answer = await post(link, false);
    }
    if (held.link !== link) return;
    held.told = answer;
    if (really) say(answer.Sentence);
  } catch (error) {
    const problem = problemOf(error);
    if (held.link !== link) return;
    if (problem.code === "LH4276") return await ask(false);
    held.problem = problem.message;
  } finally {
    held.busy = false;
    changed();
  }
}

/** @param {string} link @param {boolean} really @returns {Promise<Told>} */
async function post(link, really) {
  const { asCaller, told } = held;
  const body = { Token: link, ...(told?.State === "moved" ? { Confirm: told.Commit } : {}) };
  /** @type {Record<string, string>} */
  const query = really ? {} : { dry_run: "true" };
  const path = asCaller ? "extend-link/signed-in" : "extend-link";
  return (await (asCaller ? send : nobody)("POST", path, { body, query })).body;
}

/** The page of the link that was read last. */
export function linkPage() {
  const { told, problem } = held;
  return html`
    <section class="signin" aria-labelledby="link-title">
      <h2 id="link-title">${told ? title(told) : "A link of a notice"}</h2>
      ${told ? about(told) : nothing}
      ${problem ? html`<p class="error" role="alert">${problem}</p>` : nothing}
      ${told || problem ? nothing : html`<p class="sub">Asking what it comes to…</p>`}
      <p><a href="#/">All endpoints</a></p>
    </section>
    ${told?.SignIn
      ? signInForm("This link was sent to a channel: sign in, and the commit has your name.")
      : nothing}
  `;
}

/** @param {Told} told */
function title({ Action, EndpointName, Minutes }) {
  return Action === "release"
    ? `Stop ${EndpointName} now`
    : `Extend ${EndpointName} by ${Minutes} min`;
}

/** @param {Told} told */
function about(told) {
  const over = told.State === "done" || told.State === "used";
  return html`
    <p class=${told.State === "moved" ? "banner" : ""} role=${over ? "status" : nothing}>${told
      .Sentence}</p>
    <p>${over ? "It ends" : "It would end"} ${clock(told, told.ExpiresAt)}${cost(told)}</p>
    ${told.By ? html`<p class="sub">By ${told.By.Name}, ${told.By.Email}</p>` : nothing}
    ${told.CommitMessage
      ? html`<pre class="message" tabindex="0" aria-label="Commit message">${told.CommitMessage.trim()}</pre>`
      : nothing}
    ${over || told.SignIn
      ? nothing
      : html`<div class="buttons"><button type="button" class="primary" data-focus
          aria-disabled=${held.busy ? "true" : "false"} @click=${pressed}>${
        label(told)
      }</button></div>`}
  `;
}

/** @param {Told} told */
function label({ Action, Minutes }) {
  return Action === "release" ? "Stop it now" : `Extend by ${Minutes} min`;
}

/** @param {Told} told @param {string} at */
function clock({ Now }, at) {
  const when = Date.parse(at);
  return html`<b>${wall(when, Date.parse(Now))}</b> <span class="sub">(${utc(when)})</span>`;
}

/** @param {Told} told */
function cost({ Cost }) {
  if (!Cost) return "";
  const back = Cost.Added.startsWith("-");
  const sum = money(Cost.Added.replace("-", ""), Cost.Currency);
  const example = Cost.Example ? " by example prices" : "";
  return back ? `, ${sum} handed back${example}` : `, +${sum}${example}`;
}
