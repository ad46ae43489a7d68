// @ts-check
// Where the parts of a timeline stand, in percent of its width, and what each says. Pure.

/** @import {Json} from "./wire.js" */

import { about, dayWord, nextClock, wall } from "./words.js";

const DAY = 86_400_000;
const KINDS = /** @type {const} */ ([
  ["Gaps", "gap", "nobody looked"],
  ["ScheduledAhead", "scheduled", "scheduled"],
  ["LeasedAhead", "leased", "leased ahead"],
  ["Starting", "starting", "starting"],
  ["InService", "service", "in service"],
]);

/**
 * @typedef {object} Mark
 * @property {string} kind
 * @property {number} left
 * @property {number} width
 * @property {string} text
 * @property {number} from
 */

/**
 * @param {Json} line @param {number} now @param {string} [zone]
 * @returns {{items: Mark[], days: {left: number, width: number, label: string}[], at: number}}
 */
export function marks(line, now, zone) {
  const since = Date.parse(line.Since);
  const whole = Date.parse(line.Until) - since;
  /** @param {number} at */
  const place = (at) => round(Math.min(Math.max((at - since) / whole, 0), 1) * 100);
  const parts = KINDS.flatMap(([field, kind, word]) =>
    line[field].map((/** @type {Json} */ each) => {
      const from = Date.parse(each.From);
      const to = Date.parse(each.To);
      const left = place(from);
      const said = `${word} from ${wall(from, now, zone)} to ${wall(to, now, zone)}`;
      const text = `${said}, ${about(to - from)}${each.Reason ? `: ${each.Reason}` : ""}`;
      return { kind, left, width: Math.max(round(place(to) - left), 0.3), text, from };
    })
  );
  const stops = line.IdleStops.map((/** @type {string} */ each) => {
    const at = Date.parse(each);
    const text = `ended for want of use at ${wall(at, now, zone)}`;
    return { kind: "idle", left: place(at), width: 0.3, text, from: at };
  });
  const items = [...parts, ...stops].sort((a, b) => a.from - b.from);
  const first = nextClock("00:00", since, zone) ?? since;
  const width = round(DAY / whole * 100);
  const days = Array.from({ length: Math.ceil((since + whole - first) / DAY) }, (_, index) => {
    const at = first + index * DAY;
    return { left: place(at), width, label: dayWord(at, now, zone) || "today" };
  });
  return { items, days, at: place(now) };
}

/** @param {number} number */
function round(number) {
  return Math.round(number * 1000) / 1000;
}
