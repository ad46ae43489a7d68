// @ts-check
// The page's address as a value: which view, and for the list what is shown and how. Pure.
// All of it stands after the #, so that no server sees it.

/** @import {Filter} from "./types.js" */

/** @type {Readonly<Filter>} */
export const EVERYTHING = Object.freeze({
  q: "",
  show: "",
  owner: "",
  family: "",
  sort: "",
  zone: "",
  cols: [],
});
const TEXTS = /** @type {const} */ (["q", "show", "owner", "family", "sort", "zone"]);

/**
 * @typedef {{view: "list", filter: Filter} | {view: "endpoint", name: string, filter: Filter}
 *   | {view: "link", token: string, filter: Filter}} Place
 */

/** @param {string} hash @returns {Place} */
export function read(hash) {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const asked = new URLSearchParams(query);
  const filter = { ...EVERYTHING, cols: (asked.get("cols") ?? "").split(",").filter(Boolean) };
  for (const name of TEXTS) filter[name] = asked.get(name) ?? "";
  const link = /^\/(?:extend|release)\/([^/]*)$/.exec(path);
  if (link) return { view: "link", token: link[1] ?? "", filter };
  const found = /^\/e\/([^/]+)$/.exec(path);
  if (!found?.[1]) return { view: "list", filter };
  return { view: "endpoint", name: decoded(found[1]), filter };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {Filter} filter @param {string} [name]  of one endpoint */
export function write(filter, name) {
  const query = new URLSearchParams();
  for (const each of TEXTS) if (filter[each]) query.set(each, filter[each]);
  if (filter.cols.length) query.set("cols", filter.cols.join(","));
  const text = query.toString();
  const path = name === undefined ? "/" : `/e/${encodeURIComponent(name)}`;
  return `#${path}${text ? `?${text}` : ""}`;
}
