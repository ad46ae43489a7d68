// @ts-check
// What moves by itself, written straight into its text: nothing is rendered for it.

import { now, state } from "./state.js";
import { left, money, urgency } from "./words.js";

/** Write all countdowns and meters as they are now. */
export function tick() {
  const at = now();
  for (
    const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-until]"))
  ) {
    const length = Number(each.dataset.until) - at;
    put(each, left(length));
    const how = urgency(length);
    if (each.dataset.urgency !== how) each.dataset.urgency = how;
  }
  const currency = state.fleet?.currency ?? null;
  for (
    const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-rate]"))
  ) {
    const { since, rate, base = "0" } = each.dataset;
    const amount = Number(base) + Math.max(at - Number(since), 0) / 3_600_000 * Number(rate);
    put(each, money(Math.round(amount * 100) / 100, currency));
  }
}

/** @param {HTMLElement} element @param {string} text */
function put(element, text) {
  const { firstChild } = element;
  if (!firstChild) element.textContent = text;
  else if (firstChild.nodeValue !== text) firstChild.nodeValue = text;
}
