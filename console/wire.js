// @ts-check
// The API's answers as the page's own values. Pure. The fields' meaning is in /openapi.json.

/** @import {Change, Endpoint, Fleet, Me, Seen} from "./types.js" */

/** @typedef {Record<string, any>} Json */

/** @param {string | null | undefined} text */
function instant(text) {
  return text ? Date.parse(text) : null;
}

/** @param {Json} answer @returns {Fleet} */
export function fleetOf(answer) {
  return {
    environment: answer.Environment,
    now: Date.parse(answer.Now),
    commit: answer.Commit,
    seenAt: instant(answer.ObservedAt),
    currency: answer.Currency,
    pricesAt: instant(answer.PricesReadAt),
    examplePrices: answer.PricesAreExamples,
    oldPrices: answer.PricesAreOld,
    today: answer.Totals.SpentToday?.Amount ?? null,
    violations: answer.Violations,
    commitUrl: answer.CommitUrl,
    endpoints: answer.Endpoints.filter((/** @type {Json} */ it) => it.Kind === "endpoint")
      .map((/** @type {Json} */ it) => endpointOf(it, answer.ObservedAt)),
  };
}

/** @param {Json} item @param {string | null} observedAt @returns {Endpoint} */
function endpointOf(item, observedAt) {
  return {
    kind: item.Kind,
    name: item.Name,
    endpointName: item.EndpointName,
    state: item.LeaseState,
    why: item.Why,
    wanted: item.IsOn,
    needsPerson: item.NeedsPerson,
    seen: seenOf(item.SageMaker, observedAt),
    hosts: (item.Instances ?? []).map((/** @type {Json} */ host) => ({
      type: host.InstanceType,
      count: host.Count,
    })),
    expiresAt: instant(item.ExpiresAt),
    next: item.Next &&
      { at: Date.parse(item.Next.At), turns: item.Next.Turns, reason: item.Next.Reason },
    perHour: item.PerHour,
    soFar: item.SoFar,
    runsSince: instant(item.RunsSince),
    billed: item.IsBilled,
    usualStart: item.StartTakes === null ? null : item.StartTakes * 1000,
    idleMinutes: item.IdleMinutes,
    windows: item.Windows,
    zone: zoneOf(item.Windows),
    owner: item.Owner,
    last: changeOf(item.LastChange),
    limit: item.Limits && { minutes: item.Limits.Minutes, rule: item.Limits.Rule },
    etag: item.ETag,
    errors: item.Errors,
  };
}

/** @param {string[]} windows */
function zoneOf(windows) {
  const last = windows[0]?.split(" ").at(-1) ?? "";
  return last.includes("/") || last === "UTC" ? last : null;
}

/**
 * What is not in the controller's record is not at SageMaker; without a record, nobody knows.
 * @param {Json} sagemaker @param {string | null} observedAt @returns {Seen | null}
 */
function seenOf(sagemaker, observedAt) {
  if (sagemaker.Status === null && observedAt === null) return null;
  return {
    status: sagemaker.Status ?? "absent",
    since: instant(sagemaker.Since),
    cause: sagemaker.Cause,
    failure: sagemaker.Failure,
    foreign: sagemaker.IsForeign,
    asOf: instant(sagemaker.AsOf ?? observedAt),
  };
}

/** @param {Json | null} change @returns {Change | null} */
function changeOf(change) {
  if (change === null) return null;
  return {
    by: change.By.Name,
    email: change.By.Email,
    at: Date.parse(change.At),
    reason: change.Reason,
    commit: change.Commit,
    action: change.Action,
  };
}

/** @param {Json} answer @returns {Me} */
export function meOf(answer) {
  return { name: answer.Name, email: answer.Email, scopes: answer.Scopes };
}

/**
 * What a change comes to, as a dry run or its commit says it.
 * @typedef {object} Quote
 * @property {number | null} ends
 * @property {string | null} added
 * @property {string | null} currency
 * @property {boolean} example
 * @property {string | null} message
 * @property {string} commit
 * @property {string} why
 */

/** @param {Json} answer @returns {Quote} */
export function quoteOf(answer) {
  return {
    ends: instant(answer.ExpiresAt),
    added: answer.Cost?.Added ?? null,
    currency: answer.Cost?.Currency ?? null,
    example: answer.Cost?.Example ?? false,
    message: answer.CommitMessage ?? null,
    commit: answer.Commit,
    why: answer.Why,
  };
}
