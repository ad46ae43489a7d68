// @ts-check
// The same by hand: the command for each change. Pure but for the API's address.

import { address } from "./api.js";

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
      command: post({ ...base, until: "2026-12-31T17:00:00Z", reason: "why" }),
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
