// @ts-check
// What a row of the list shows, in which order rows stand, and which of them are shown. Pure.

/** @import {Badge, Endpoint, Filter, Fleet, Me} from "./types.js" */

import { about } from "./words.js";

const HOUR = 3_600_000;
const OLD = 5 * 60_000;
const LONG_START = 30 * 60_000; // where nobody knows how long it usually takes
const MOVING = new Map([
  ["Creating", "starting"],
  ["Updating", "updating"],
  ["SystemUpdating", "updating by SageMaker"],
  ["RollingBack", "rolling back"],
  ["Deleting", "stopping"],
]);
const KNOWN = new Set([
  ...MOVING.keys(),
  ...["absent", "InService", "Failed", "OutOfService", "UpdateRollbackFailed"],
]);
const ON_BY = new Map([
  ["live", "lease"],
  ["scheduled", "window"],
  ["always_on", "always on"],
]);
const OFF_BY = new Map([
  ["off", "released"],
  ["ended", "ended"],
  ["never_leased", "never leased"],
]);

/**
 * What lease and schedule say now: the page goes on between two answers, and a lease may end.
 * @param {Endpoint} endpoint @param {number} now
 */
export function isWanted(endpoint, now) {
  if (!endpoint.wanted) return false;
  const { state, expiresAt, next } = endpoint;
  const ends = state === "live" && next?.turns === "off" ? next.at : expiresAt;
  return state !== "live" || ends === null || now < ends;
}

/** @param {Endpoint} endpoint */
function isThere(endpoint) {
  return endpoint.seen !== null && endpoint.seen.status !== "absent";
}

/**
 * Ledger and SageMaker in one word where they agree, with what the other one says where not.
 * @param {Endpoint} endpoint @param {number} now @returns {Badge}
 */
export function badge(endpoint, now) {
  const { state, seen } = endpoint;
  if (state === "frozen") return made("frozen", "frozen", "", "trouble");
  if (seen?.foreign) return made("unknown", "not ours", "by its tags", "trouble");
  if (state === "suspended") return made("held", "held", rest(endpoint.why, "suspended"), "held");
  if (state === "lease_lost") return made("frozen", "lease lost", "its file is missing", "trouble");
  if (state === "orphan") return made("unknown", "no definition", seen?.status ?? "", "trouble");
  if (seen === null) return unseen(endpoint, now);
  if (!KNOWN.has(seen.status)) return made("unknown", seen.status, "unknown status", "trouble");
  const on = isWanted(endpoint, now);
  const said = on ? wanted(endpoint, seen, now) : unwanted(endpoint, seen, now);
  return on === isThere(endpoint) ? said : dated(said, seen, now);
}

/**
 * What is not as the ledger wants it: the controller should have noted something by now.
 * @param {Badge} said @param {import("./types.js").Seen} seen @param {number} now
 */
function dated(said, seen, now) {
  if (seen.asOf === null || now - seen.asOf < OLD || said.tone === "trouble") return said;
  return { ...said, sub: `SageMaker last seen ${about(now - seen.asOf)} ago`, unseen: true };
}

/** @param {Endpoint} endpoint @param {import("./types.js").Seen} seen @param {number} now */
function wanted(endpoint, seen, now) {
  const by = ON_BY.get(endpoint.state) ?? "";
  if (seen.status === "InService" && isAsleep(endpoint)) {
    return made("asleep", "asleep", "no instance runs", "asleep");
  }
  if (seen.status === "InService") {
    return seen.failure
      ? made("failed", "on, update failed", seen.failure, "trouble")
      : made("on", "on", by, "on");
  }
  if (seen.status === "absent" || seen.status === "Creating") {
    if (seen.failure) return made("failed", "failed", seen.failure, "trouble");
    return made("starting", `starting${since(seen, now)}`, usually(endpoint), "busy");
  }
  if (seen.status === "Deleting") return made("stopping", "stopping", "then it starts", "busy");
  const moving = MOVING.get(seen.status);
  if (moving) return made("updating", `${moving}${since(seen, now)}`, by, "busy");
  return made("failed", "failed", seen.failure ?? seen.status, "trouble");
}

/** @param {Endpoint} endpoint @param {import("./types.js").Seen} seen @param {number} now */
function unwanted(endpoint, seen, now) {
  const why = OFF_BY.get(endpoint.state) ?? "ended";
  if (seen.status === "absent") return made("off", "off", why, "off");
  if (seen.status === "Failed") return made("failed", "failed", seen.failure ?? why, "trouble");
  const sub = seen.failure ?? (seen.status === "Deleting" ? why : `${why}, still there`);
  return made("stopping", `stopping${since(seen, now, "Deleting")}`, sub, "busy");
}

/** @param {Endpoint} endpoint @param {number} now */
function unseen(endpoint, now) {
  const on = isWanted(endpoint, now);
  const said = made(on ? "on" : "off", on ? "on" : "off", "SageMaker: not seen yet", "off");
  return { ...said, unseen: true };
}

/**
 * @param {string} shape @param {string} text @param {string} sub
 * @param {import("./types.js").Tone} tone @returns {Badge}
 */
function made(shape, text, sub, tone) {
  return { shape, text, sub, tone, unseen: false };
}

/**
 * @param {import("./types.js").Seen} seen @param {number} now @param {string} [only]  this status
 */
function since(seen, now, only) {
  if (seen.since === null || (only && seen.status !== only)) return "";
  return ` ${about(now - seen.since)}`;
}

/** @param {Endpoint} endpoint */
function usually(endpoint) {
  return endpoint.usualStart === null ? "" : `usually ${about(endpoint.usualStart)}`;
}

/** @param {string} sentence @param {string} word */
function rest(sentence, word) {
  return sentence.startsWith(word) ? sentence.slice(word.length).replace(/^[\s:]+/, "") : sentence;
}

/** @param {Endpoint} endpoint */
export function isAsleep(endpoint) {
  return endpoint.hosts.length > 0 && endpoint.hosts.every((host) => host.count === 0);
}

/**
 * How soon somebody has to look at it: 1 needs a person, 2 ends by a meter, 3 runs without one, 4
 * starts, 5 is off.
 * @param {Endpoint} endpoint @param {number} now
 */
export function rank(endpoint, now) {
  const said = badge(endpoint, now);
  if (endpoint.needsPerson || said.tone === "trouble") return 1;
  if (isOverdue(endpoint, now) || isLate(endpoint, now)) return 1;
  if (said.shape === "starting") return 4;
  if (isWanted(endpoint, now)) return endpoint.expiresAt !== null ? 2 : 3;
  return isThere(endpoint) ? 3 : 5;
}

/**
 * Whether it costs although nobody wants it any more.
 * @param {Endpoint} endpoint @param {number} now
 */
export function isOverdue(endpoint, now) {
  const held = endpoint.state === "suspended" || endpoint.state === "frozen";
  return !held && !isWanted(endpoint, now) && isThere(endpoint) &&
    endpoint.seen?.status !== "Deleting";
}

/**
 * Whether its start takes much longer than usual.
 * @param {Endpoint} endpoint @param {number} now
 */
function isLate(endpoint, now) {
  const { seen } = endpoint;
  if (seen?.status !== "Creating" || seen.since === null) return false;
  return now - seen.since > (endpoint.usualStart === null ? LONG_START : 2 * endpoint.usualStart);
}

/** Whether it ends within the hour. @param {Endpoint} endpoint @param {number} now */
export function endsSoon(endpoint, now) {
  const at = endOf(endpoint);
  return at !== null && isWanted(endpoint, now) && at - now < HOUR;
}

/** When it goes off, as far as anybody knows. @param {Endpoint} endpoint */
export function endOf(endpoint) {
  if (endpoint.next?.turns === "off") return endpoint.next.at;
  return endpoint.wanted ? endpoint.expiresAt : null;
}

/** @type {Record<string, (endpoint: Endpoint, now: number) => string | number>} */
const KEYS = {
  name: (it) => it.name.toLowerCase(),
  state: (it, now) => badge(it, now).text,
  ends: (it) => endOf(it) ?? Infinity,
  cost: (it) => -Number(it.perHour ?? -1),
  spent: (it) => -Number(it.soFar ?? -1),
  kept: (it) => (it.last?.by ?? "\uffff").toLowerCase(),
  owner: (it) => (it.owner ?? "\uffff").toLowerCase(),
};
export const SORTS = ["", ...Object.keys(KEYS)];

/**
 * Rows in the order that is asked for; "" is "needs me first", a minus turns an order round.
 * @param {readonly Endpoint[]} endpoints @param {string} sort @param {number} now
 */
export function sorted(endpoints, sort, now) {
  const key = KEYS[sort.replace(/^-/, "")];
  if (!key) return needsMeFirst(endpoints, now);
  const turn = sort.startsWith("-") ? -1 : 1;
  const keyed = endpoints.map((it) => ({ it, key: key(it, now) }));
  keyed.sort((a, b) => turn * compare(a.key, b.key) || byName(a.it, b.it));
  return keyed.map(({ it }) => it);
}

/** @param {readonly Endpoint[]} endpoints @param {number} now */
function needsMeFirst(endpoints, now) {
  const keyed = endpoints.map((it) => {
    const place = rank(it, now);
    const within = place === 2 ? it.expiresAt ?? 0 : place === 3 ? -Number(it.perHour ?? 0) : 0;
    return { it, place, within };
  });
  keyed.sort((a, b) => a.place - b.place || a.within - b.within || byName(a.it, b.it));
  return keyed.map(({ it }) => it);
}

/** @param {string | number} a @param {string | number} b */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @param {Endpoint} a @param {Endpoint} b */
function byName(a, b) {
  return compare(a.name.toLowerCase(), b.name.toLowerCase());
}

/** @typedef {(endpoint: Endpoint, now: number, me: Me | null) => boolean} Test */

/** @type {Record<string, {label: string, test: Test}>} */
export const FACETS = {
  "": { label: "all", test: () => true },
  mine: { label: "mine", test: (it, _now, me) => isMine(it, me) },
  on: { label: "on", test: (it) => isOn(it) },
  soon: { label: "ends soon", test: (it, now) => endsSoon(it, now) },
  trouble: { label: "trouble", test: (it, now) => rank(it, now) === 1 },
  off: { label: "off", test: (it, now) => rank(it, now) === 5 },
};

/**
 * Whether it has instances; where SageMaker was not seen, whether it should have.
 * @param {Endpoint} endpoint
 */
function isOn(endpoint) {
  return endpoint.seen === null ? endpoint.wanted : endpoint.billed;
}

/** @param {Endpoint} endpoint @param {Me | null} me */
function isMine(endpoint, me) {
  const email = me?.email.toLowerCase();
  return Boolean(email && endpoint.owner?.toLowerCase().includes(email));
}

/** @param {Endpoint} endpoint */
export function families(endpoint) {
  return endpoint.hosts.map((host) => host.type.split(".").slice(0, 2).join("."));
}

/**
 * @param {readonly Endpoint[]} endpoints @param {Filter} filter @param {number} now
 * @param {Me | null} me
 */
export function shown(endpoints, filter, now, me) {
  const facet = FACETS[filter.show] ?? FACETS[""];
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  return endpoints.filter((it) =>
    facet?.test(it, now, me) &&
    (!filter.owner || it.owner === filter.owner) &&
    (!filter.family || families(it).includes(filter.family)) &&
    words.every((word) => text(it).includes(word))
  );
}

/** @param {Endpoint} it */
function text(it) {
  const parts = [it.name, it.endpointName, it.owner, it.last?.by, it.last?.reason];
  return parts.filter(Boolean).join("\n").toLowerCase();
}

/**
 * @typedef {object} Summary
 * @property {number} on
 * @property {number} perHour
 * @property {number} unpriced
 * @property {number} soon
 * @property {number} trouble
 */

/**
 * The line above the list.
 * @param {readonly Endpoint[]} endpoints @param {number} now @returns {Summary}
 */
export function summary(endpoints, now) {
  const on = endpoints.filter(isOn);
  return {
    on: on.length,
    perHour: on.reduce((sum, it) => sum + Number(it.perHour ?? 0), 0),
    unpriced: on.filter((it) => it.perHour === null).length,
    soon: endpoints.filter((it) => endsSoon(it, now)).length,
    trouble: endpoints.filter((it) => rank(it, now) === 1).length,
  };
}

/**
 * The rows as they stand, with new ones at the end: nothing jumps below a hand.
 * @param {readonly string[]} order @param {readonly Endpoint[]} ideal
 */
export function kept(order, ideal) {
  const places = new Map(order.map((name, index) => [name, index]));
  /** @param {Endpoint} it */
  const place = (it) => places.get(it.name) ?? order.length;
  return ideal.map((it, index) => ({ it, index }))
    .sort((a, b) => place(a.it) - place(b.it) || a.index - b.index)
    .map(({ it }) => it);
}

/**
 * What has become of a row since: it is told once, by its words.
 * @param {Fleet} fleet @param {number} now
 */
export function endings(fleet, now) {
  return fleet.endpoints.flatMap((it) => {
    const at = endOf(it);
    const soon = at !== null && at > now && at - now <= 15 * 60_000;
    return soon && isWanted(it, now) ? [{ key: `${it.name} ${at}`, name: it.name, at }] : [];
  });
}

/** @typedef {"extend" | "until" | "release" | "add"} Action */

/**
 * What takes a change back. An extension adds to what others added meanwhile, and takes nothing
 * but its own minutes back. Where a window has it on, an end in a minute leaves it to that.
 * @param {{action: Action, minutes: number}} done @param {Endpoint} before
 * @param {number | null} ends @param {number} now @returns {{action: Action, until: number}}
 */
export function backwards(done, before, ends, now) {
  const added = done.action === "extend" && ends !== null;
  const end = added ? ends - done.minutes * 60_000 : before.expiresAt ?? 0;
  if (end <= now && before.state !== "scheduled") return { action: "release", until: 0 };
  return { action: "until", until: Math.max(end, now + 60_000) };
}
