import {
  about,
  field,
  instantOf,
  left,
  money,
  nextClock,
  stamp,
  urgency,
  wall,
  zoneOf,
} from "../../../console/words.js";
import { read, write } from "../../../console/place.js";
import { marks } from "../../../console/timeline.js";
import { HOUR, MINUTE, NOON, same } from "./cases.js";

const DAY = 24 * HOUR;

Deno.test("time left by the second, by the minute, by the hour", () => {
  same(left(12 * MINUTE + 5000), "12 min 05 s");
  same(left(0), "0 min 00 s");
  same(left(-5), "0 min 00 s");
  same(left(HOUR - 1), "59 min 59 s");
  same(left(4 * HOUR + 7 * MINUTE), "4 h 07 min");
  same(left(2 * DAY - 1), "47 h 59 min");
  same(left(76 * HOUR), "3 d 4 h");
});

Deno.test("a length as people say it", () => {
  same([about(10_000), about(6 * MINUTE), about(2 * HOUR), about(90 * MINUTE)], [
    "less than 1 min",
    "6 min",
    "2 h",
    "1 h 30 min",
  ]);
  same(about(3 * DAY), "3 days");
});

Deno.test("an instant has its zone, and its day where that is another", () => {
  same(wall(NOON, NOON, "Europe/Berlin"), "13:00 CET");
  same(wall(NOON, NOON, "UTC"), "12:00 UTC");
  same(wall(NOON + DAY, NOON, "UTC"), "tomorrow 12:00 UTC");
  same(wall(NOON - DAY, NOON, "UTC"), "yesterday 12:00 UTC");
  same(wall(NOON + 3 * DAY, NOON, "UTC"), "Sun 12:00 UTC");
  same(wall(NOON + 60 * DAY, NOON, "UTC"), "25 Jan 2027 12:00 UTC");
  same(wall(NOON + 13 * HOUR, NOON, "Asia/Tokyo").startsWith("tomorrow 10:00"), true);
});

Deno.test("until 18:00 is today, or tomorrow where that is past", () => {
  same(nextClock("18:00", NOON, "UTC"), NOON + 6 * HOUR);
  same(nextClock("09:00", NOON, "UTC"), NOON + 21 * HOUR);
  same(nextClock("12:00", NOON, "UTC"), NOON + DAY);
  same(nextClock("18:00", NOON, "Europe/Berlin"), NOON + 5 * HOUR);
  same([nextClock("25:00", NOON, "UTC"), nextClock("soon", NOON, "UTC")], [null, null]);
});

Deno.test("a field for date and time means an instant of its zone, also where clocks change", () => {
  for (const zone of ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]) {
    for (
      const at of [NOON, Date.parse("2026-03-29T00:30:00Z"), Date.parse("2026-10-25T03:30:00Z")]
    ) {
      same(instantOf(field(at, zone), zone), at, zone);
    }
  }
  same(instantOf("", "UTC"), null);
});

Deno.test("money has its sign and two digits, or as many as say something", () => {
  same([money("61.4", "USD"), money("-3.5", "USD"), money("0.0012", "USD")], [
    "$61.40",
    "-$3.50",
    "$0.0012",
  ]);
  same([money("1234.5", "EUR"), money(null, "USD"), money("0", "USD")], [
    "EUR 1,234.50",
    "",
    "$0.00",
  ]);
});

Deno.test("ends are urgent by the leads of the notices", () => {
  same([urgency(14 * MINUTE), urgency(59 * MINUTE), urgency(HOUR)], ["now", "soon", ""]);
  same([zoneOf("", null), zoneOf("utc"), zoneOf("schedule", "Asia/Tokyo"), zoneOf("schedule")], [
    undefined,
    "UTC",
    "Asia/Tokyo",
    "UTC",
  ]);
  same(stamp(NOON + 999), "2026-11-26T12:00:00Z");
});

Deno.test("the address keeps what is shown, and comes back the same", () => {
  const filter = {
    q: "a b&c",
    show: "mine",
    owner: "ana@example.com",
    family: "ml.g5",
    sort: "-cost",
    zone: "utc",
    cols: ["owner", "idle"],
  };
  same(read(write(filter)), { view: "list", filter });
  same(read(write(filter, "Falcon 40/B")), { view: "endpoint", name: "Falcon 40/B", filter });
  same(read("").view, "list");
  same(read("#/e/%zz").name, "%zz");
});

Deno.test("a timeline's parts stand where they were, inside of it, and say what they are", () => {
  const at = (hours) => new Date(NOON + hours * HOUR).toISOString();
  const line = {
    Since: at(-50),
    Until: at(50),
    Starting: [],
    InService: [{ From: at(-100), To: at(-25) }],
    LeasedAhead: [{ From: at(0), To: at(25) }],
    ScheduledAhead: [],
    IdleStops: [at(-25)],
    Gaps: [],
  };
  const { items, at: now } = marks(line, NOON, "UTC");
  same(items.map((each) => [each.kind, each.left, each.width]), [["service", 0, 25], [
    "idle",
    25,
    0.3,
  ], ["leased", 50, 25]]);
  same(now, 50);
  same(items[2].text, "leased ahead from 12:00 UTC to tomorrow 13:00 UTC, 25 h");
});
