// @ts-check
// The same by hand: the command for each change. By the API's address and the clock.

import { address } from "./api.js";
import { stamp } from "./words.js";

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * The commands for one endpoint, each with what it does.
 * @param {string} endpointName @returns {{label: string, command: string}[]}
 */
export function commands(endpointName) {
  const expiry = address("endpoint-expiry");
  const named = address("endpoint-expiry", { EndpointName: endpointName });
  const auth = `-H "Authorization: $LEASEHOLD_TOKEN"`;
  /** @param {object} body */
  const post = (body) =>
    `curl -X POST ${quoted(expiry)} ${auth} \\\n  -d ${quoted(JSON.stringify(body))}`;
  const base = { EndpointName: endpointName };
  return [
    { label: "Keep it for 30 min more", command: post({ ...base, minutes: 30, reason: "why" }) },
    {
      label: "Keep it until an instant",
      command: post({ ...base, until: stamp(Date.now() + 2 * 3_600_000), reason: "why" }),
    },
    { label: "Release it now", command: `curl -X DELETE ${quoted(named)} ${auth}` },
    { label: "Read its lease", command: `curl ${quoted(named)} ${auth}` },
    {
      label: "Read who kept it alive",
      command: `curl ${
        quoted(address("endpoint-expiry/history", { EndpointName: endpointName }))
      } ${auth}`,
    },
  ];
}
