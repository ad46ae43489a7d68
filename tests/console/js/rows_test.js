import {
  backwards,
  badge,
  endsSoon,
  isWanted,
  kept,
  rank,
  shown,
  sorted,
  summary,
} from "../../../console/rows.js";
import { EVERYTHING } from "../../../console/place.js";
import { endpoint, HOUR, MINUTE, NOON, off, same, seen } from "./cases.js";

const BADGES = [
  ["leased and in service", endpoint("A"), "on", "on", "lease"],
  ["in a window", endpoint("A", { state: "scheduled", expiresAt: null }), "on", "on", "window"],
  ["always on", endpoint("A", { state: "always_on", expiresAt: null }), "on", "on", "always on"],
  ["wanted and not there", endpoint("A", { seen: seen("absent") }), "starting", "starting 1 h", ""],
  [
    "creating, and how long it takes",
    endpoint("A", { seen: seen("Creating", { since: NOON - 4 * MINUTE }), usualStart: 6 * MINUTE }),
    "starting",
    "starting 4 min",
    "usually 6 min",
  ],
  ["updating", endpoint("A", { seen: seen("Updating") }), "updating", "updating 1 h", "lease"],
  [
    "rolling back",
    endpoint("A", { seen: seen("RollingBack") }),
    "updating",
    "rolling back 1 h",
    "lease",
  ],
  [
    "deleted just before a new start",
    endpoint("A", { seen: seen("Deleting") }),
    "stopping",
    "stopping",
    "then it starts",
  ],
  [
    "failed",
    endpoint("A", { seen: seen("Failed", { failure: "no capacity" }) }),
    "failed",
    "failed",
    "no capacity",
  ],
  [
    "refused",
    endpoint("A", { seen: seen("absent", { failure: "quota" }) }),
    "failed",
    "failed",
    "quota",
  ],
  [
    "its update failed",
    endpoint("A", { seen: seen("InService", { failure: "bad image" }) }),
    "failed",
    "on, update failed",
    "bad image",
  ],
  [
    "asleep",
    endpoint("A", { hosts: [{ type: "ml.g5.xlarge", count: 0 }] }),
    "asleep",
    "asleep",
    "no instance runs",
  ],
  [
    "an unknown status",
    endpoint("A", { seen: seen("Dreaming") }),
    "unknown",
    "Dreaming",
    "unknown status",
  ],
  [
    "somebody else's",
    endpoint("A", { seen: seen("InService", { foreign: true }) }),
    "unknown",
    "not ours",
    "by its tags",
  ],
  [
    "frozen",
    off("A", { state: "frozen", errors: ["x: /y: wrong"] }),
    "frozen",
    "frozen",
    "",
  ],
  [
    "held",
    endpoint("A", { state: "suspended", why: "suspended until Z: repair" }),
    "held",
    "held",
    "until Z: repair",
  ],
  [
    "its lease is lost",
    endpoint("A", { state: "lease_lost" }),
    "frozen",
    "lease lost",
    "its file is missing",
  ],
  ["off", off("A"), "off", "off", "ended"],
  ["never leased", off("A", { state: "never_leased" }), "off", "off", "never leased"],
  ["released in a window", off("A", { state: "off" }), "off", "off", "released"],
  [
    "ended and still there",
    off("A", { seen: seen("InService") }),
    "stopping",
    "stopping",
    "ended, still there",
  ],
  ["being deleted", off("A", { seen: seen("Deleting") }), "stopping", "stopping 1 h", "ended"],
  [
    "failed and not wanted",
    off("A", { seen: seen("Failed", { failure: "x" }) }),
    "failed",
    "failed",
    "x",
  ],
  ["SageMaker not seen, on", endpoint("A", { seen: null }), "on", "on", "SageMaker: not seen yet"],
  ["SageMaker not seen, off", off("A", { seen: null }), "off", "off", "SageMaker: not seen yet"],
];

for (const [what, it, shape, text, sub] of BADGES) {
  Deno.test(`a badge: ${what}`, () => {
    const said = badge(it, NOON);
    same([said.shape, said.text, said.sub], [shape, text, sub], what);
  });
}

Deno.test("a badge says how old it is where something should have happened since", () => {
  const old = { asOf: NOON - 7 * MINUTE };
  const late = badge(endpoint("A", { seen: seen("absent", old) }), NOON);
  same([late.sub, late.unseen], ["SageMaker last seen 7 min ago", true]);
  same(badge(endpoint("A", { seen: seen("InService", old) }), NOON).unseen, false);
  same(badge(off("A", { seen: seen("absent", old) }), NOON).unseen, false);
});

Deno.test("a lease ends by itself between two answers", () => {
  const it = endpoint("A");
  same(isWanted(it, NOON + HOUR - 1), true);
  same(isWanted(it, NOON + HOUR), false);
  same(badge(it, NOON + HOUR).shape, "stopping");
});

Deno.test("a lease that ends in a window leaves it on", () => {
  const it = endpoint("A", { next: { at: NOON + 5 * HOUR, turns: "off", reason: "window ends" } });
  same(isWanted(it, NOON + 2 * HOUR), true);
  same(endsSoon(it, NOON + HOUR / 2), false);
});

Deno.test("who needs a person comes first, then who ends soonest, the dearest, starting, off", () => {
  const items = [
    off("Off"),
    off("Also"),
    endpoint("Starting", { seen: seen("Creating"), usualStart: 2 * HOUR }),
    endpoint("Window", { state: "scheduled", expiresAt: null, perHour: "2" }),
    endpoint("Dear", { state: "always_on", expiresAt: null, perHour: "30" }),
    endpoint("Later", { expiresAt: NOON + 2 * HOUR }),
    endpoint("Sooner", { expiresAt: NOON + MINUTE }),
    endpoint("Frozen", { state: "frozen" }),
    endpoint("Late", { seen: seen("Creating"), usualStart: MINUTE }),
    off("Overdue", { seen: seen("InService") }),
    off("Refused", { needsPerson: true }),
  ];
  same(
    sorted(items, "", NOON).map((it) => it.name),
    [
      "Frozen",
      "Late",
      "Overdue",
      "Refused",
      "Sooner",
      "Later",
      "Dear",
      "Window",
      "Starting",
      "Also",
      "Off",
    ],
  );
});

Deno.test("each column sorts both ways, ties by name", () => {
  const items = [
    endpoint("b", { perHour: "1" }),
    endpoint("C", { perHour: "5" }),
    endpoint("a", { perHour: "1" }),
  ];
  same(sorted(items, "cost", NOON).map((it) => it.name), ["C", "a", "b"]);
  same(sorted(items, "-cost", NOON).map((it) => it.name), ["a", "b", "C"]);
  same(sorted(items, "name", NOON).map((it) => it.name), ["a", "b", "C"]);
  same(sorted(items, "nonsense", NOON).length, 3);
});

Deno.test("a row that somebody is at does not jump, and a new one stands at the end", () => {
  const ideal = [endpoint("New"), endpoint("B"), endpoint("A")];
  same(kept(["A", "B", "Gone"], ideal).map((it) => it.name), ["A", "B", "New"]);
});

Deno.test("search looks at name, owner and reason, for all words", () => {
  const last = { by: "Bo", email: "", at: NOON, reason: "load test", commit: "", action: "extend" };
  const items = [endpoint("Embed", { last }), endpoint("Falcon40B", { owner: "cleo@example.com" })];
  const found = (q) => shown(items, { ...EVERYTHING, q }, NOON, null).map((it) => it.name);
  same(found("LOAD bo"), ["Embed"]);
  same(found("cleo"), ["Falcon40B"]);
  same(found("falcon load"), []);
  same(found(""), ["Embed", "Falcon40B"]);
});

Deno.test("facets keep what they say", () => {
  const me = { name: "Ana", email: "Ana@example.com", scopes: [] };
  const items = [
    endpoint("Mine"),
    off("Off", { owner: "bo@example.com" }),
    endpoint("Bad", { state: "frozen", owner: null }),
  ];
  const found = (show) => shown(items, { ...EVERYTHING, show }, NOON, me).map((it) => it.name);
  same(found("mine"), ["Mine"]);
  same(found("off"), ["Off"]);
  same(found("trouble"), ["Bad"]);
  same(found("on"), ["Mine", "Bad"]);
  same(found("unknown"), ["Mine", "Off", "Bad"]);
  const family = shown(
    items,
    { ...EVERYTHING, family: "ml.g5", owner: "bo@example.com" },
    NOON,
    me,
  );
  same(family.map((it) => it.name), ["Off"]);
});

Deno.test("the line of sums counts what costs, and what it does not know", () => {
  const items = [
    endpoint("A"),
    endpoint("B", { perHour: null }),
    off("C"),
    endpoint("D", { expiresAt: NOON + MINUTE, next: null }),
  ];
  same(summary(items, NOON), { on: 3, perHour: 2.82, unpriced: 1, soon: 1, trouble: 0 });
});

Deno.test("an undo takes back its own minutes and nobody else's", () => {
  const before = endpoint("A"); // as this page knew it: to 13:00
  const ends = NOON + 2 * HOUR; // somebody else added 30 min meanwhile
  same(backwards({ action: "extend", minutes: 30 }, before, ends, NOON), {
    action: "until",
    until: NOON + 1.5 * HOUR,
  });
});

Deno.test("an undo of a start releases, and in a window leaves it to the window", () => {
  const it = off("A");
  same(backwards({ action: "extend", minutes: 30 }, it, NOON + 30 * MINUTE, NOON), {
    action: "release",
    until: 0,
  });
  const open = endpoint("A", { state: "scheduled", expiresAt: null });
  same(backwards({ action: "extend", minutes: 30 }, open, NOON + 30 * MINUTE, NOON), {
    action: "until",
    until: NOON + MINUTE,
  });
});

Deno.test("an undo of a start outside of its windows releases", () => {
  const it = off("A", { windows: ["mon-fri 09:00-18:00 Europe/Berlin"] });
  same(
    backwards({ action: "extend", minutes: 30 }, it, NOON + 30 * MINUTE, NOON).action,
    "release",
  );
});

Deno.test("an undo of a release or of a new end goes back to the former one", () => {
  const wanted = { action: "until", until: NOON + HOUR };
  same(backwards({ action: "release", minutes: 0 }, endpoint("A"), NOON, NOON), wanted);
  same(backwards({ action: "until", minutes: 0 }, endpoint("A"), NOON + 5 * HOUR, NOON), wanted);
});

Deno.test("a row's place is 3 while it stops, 5 when it is gone", () => {
  same(rank(off("A", { seen: seen("Deleting") }), NOON), 3);
  same(rank(off("A"), NOON), 5);
});
