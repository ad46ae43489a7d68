// @ts-check
// Times and money in words. Pure: the time, the zone and the language come in.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LANGUAGE = "en-GB";
const PLAIN = amounts(2);
const SMALL = amounts(4);

/** @param {number} digits */
function amounts(digits) {
  return new Intl.NumberFormat(LANGUAGE, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string | undefined} zone @param {Intl.DateTimeFormatOptions} options */
function format(zone, options) {
  const key = JSON.stringify([zone, options]);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(LANGUAGE, { ...options, timeZone: zone });
    formats.set(key, found);
  }
  return found;
}

/**
 * A length as it is counted down: by the second below an hour, by the minute below two days.
 * @param {number} length
 */
export function left(length) {
  const whole = Math.max(length, 0);
  const days = Math.floor(whole / DAY);
  const hours = Math.floor(whole / HOUR);
  const minutes = Math.floor((whole % HOUR) / MINUTE);
  if (whole >= 2 * DAY) return `${days} d ${hours % 24} h`;
  if (whole >= HOUR) return `${hours} h ${two(minutes)} min`;
  return `${minutes} min ${two(Math.floor((whole % MINUTE) / 1000))} s`;
}

/** A length as people say it. @param {number} length */
export function about(length) {
  const minutes = Math.max(Math.round(length / MINUTE), 0);
  if (minutes < 1) return "less than 1 min";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${two(minutes % 60)} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, "0");
}

/**
 * The zone that a name stands for; undefined is the browser's own.
 * @param {string} name @param {string | null} [own]  of a schedule
 */
export function zoneOf(name, own) {
  if (name === "utc") return "UTC";
  if (name === "schedule") return own ?? "UTC";
  return undefined;
}

/**
 * An instant on the wall clock of a zone, with the day where that is another one.
 * @param {number} at @param {number} now @param {string} [zone]
 */
export function wall(at, now, zone) {
  const time = format(zone, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  const day = dayWord(at, now, zone);
  return day ? `${day} ${time.format(at)}` : time.format(at);
}

/**
 * The day of an instant as people say it; nothing for today.
 * @param {number} at @param {number} now @param {string} [zone]
 */
export function dayWord(at, now, zone) {
  const days = Math.round((midnight(at, zone) - midnight(now, zone)) / DAY);
  if (days === 0) return "";
  if (days === 1) return "tomorrow";
  if (days === -1) return "yesterday";
  if (days > 1 && days < 7) return format(zone, { weekday: "short" }).format(at);
  const year = new Date(at).getUTCFullYear() === new Date(now).getUTCFullYear();
  return format(zone, { day: "numeric", month: "short", ...(year ? {} : { year: "numeric" }) })
    .format(at);
}

/**
 * The day of an instant in a zone, as that day's midnight in UTC.
 * @param {number} at @param {string} [zone]
 */
function midnight(at, zone) {
  const parts = format(zone, { year: "numeric", month: "numeric", day: "numeric" })
    .formatToParts(at);
  /** @param {string} type */
  const part = (type) => Number(parts.find((each) => each.type === type)?.value);
  return Date.UTC(part("year"), part("month") - 1, part("day"));
}

/** An instant in UTC, in full. @param {number} at */
export function utc(at) {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** An instant as the API takes it: whole seconds, in UTC. @param {number} at */
export function stamp(at) {
  return `${new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** @param {number} at @param {string} [zone] */
export function day(at, zone) {
  return format(zone, { day: "numeric", month: "short", year: "numeric" }).format(at);
}

/**
 * An amount, with two digits or as many as it needs to say something.
 * @param {string | number | null} amount @param {string | null} currency
 */
export function money(amount, currency) {
  if (amount === null) return "";
  const value = Number(amount);
  const size = Math.abs(value);
  const text = (size > 0 && size < 0.01 ? SMALL : PLAIN).format(size);
  const sign = value < 0 ? "-" : "";
  return currency === "USD" || !currency ? `${sign}$${text}` : `${sign}${currency} ${text}`;
}

/**
 * When the clock next shows a time such as 18:00 in a zone: today, or tomorrow where that is past.
 * @param {string} clock @param {number} now @param {string} [zone] @returns {number | null}
 */
export function nextClock(clock, now, zone) {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(clock.trim());
  if (!found) return null;
  const wanted = `${two(Number(found[1]))}:${found[2]}`;
  const shown = format(zone, { hour: "2-digit", minute: "2-digit" });
  const start = Math.ceil((now + 1) / MINUTE) * MINUTE;
  // Each minute is looked at, for the clock of a zone may jump.
  for (let at = start; at <= start + 25 * HOUR; at += MINUTE) {
    if (shown.format(at) === wanted) return at;
  }
  return null;
}

/** How urgent an end is: by the leads of the notices. @param {number} length */
export function urgency(length) {
  if (length < 15 * MINUTE) return "now";
  return length < HOUR ? "soon" : "";
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * An instant as a field for date and time has it, in a zone.
 * @param {number} at @param {string} [zone]
 */
export function field(at, zone) {
  const parts = format(zone, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  /** @param {string} type */
  const part = (type) => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/**
 * The instant that such a field means; null where it says none.
 * @param {string} text @param {string} [zone]
 */
export function instantOf(text, zone) {
  if (!/^\d{4,}-\d\d-\d\dT\d\d:\d\d/.test(text)) return null;
  const guess = Date.parse(`${text.slice(0, 16)}:00Z`);
  const off = Date.parse(`${field(guess, zone)}:00Z`) - guess;
  const at = guess - off;
  return at - (Date.parse(`${field(at, zone)}:00Z`) - guess);
}
