// What the tests of the pure modules share.

export const NOON = Date.parse("2026-11-26T12:00:00Z");
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export function same(found, wanted, what = "") {
  const [a, b] = [found, wanted].map((each) => JSON.stringify(each));
  if (a !== b) throw new Error(`${what} is ${a}, and should be ${b}`);
}

export function seen(status, more = {}) {
  return {
    status,
    since: NOON - HOUR,
    cause: null,
    failure: null,
    foreign: false,
    asOf: NOON,
    ...more,
  };
}

/** An endpoint that is leased for an hour more and in service. */
export function endpoint(name, more = {}) {
  return {
    kind: "endpoint",
    name,
    endpointName: `demo-${name}-Endpoint`,
    state: "live",
    why: "leased",
    wanted: true,
    needsPerson: false,
    seen: seen("InService"),
    hosts: [{ type: "ml.g5.xlarge", count: 1 }],
    expiresAt: NOON + HOUR,
    next: { at: NOON + HOUR, turns: "off", reason: "lease ends" },
    perHour: "1.41",
    soFar: "1.41",
    runsSince: NOON - HOUR,
    billed: true,
    usualStart: null,
    idleMinutes: null,
    windows: [],
    zone: null,
    owner: "ana@example.com",
    last: null,
    limit: null,
    etag: null,
    errors: [],
    ...more,
  };
}

export function off(name, more = {}) {
  const gone = { state: "ended", wanted: false, billed: false, next: null, runsSince: null };
  return endpoint(name, { ...gone, seen: seen("absent"), expiresAt: NOON - HOUR, ...more });
}
