// @ts-check
// What the modules hand to each other. Times are milliseconds since 1970, money is decimal text.

/**
 * @typedef {object} Change  the last change of a lease
 * @property {string} by
 * @property {string} email
 * @property {number} at
 * @property {string | null} reason
 * @property {string} commit
 * @property {string} action
 */

/**
 * @typedef {object} Seen  what SageMaker did, as the controller noted it
 * @property {string} status
 * @property {number | null} since
 * @property {string | null} cause
 * @property {string | null} failure
 * @property {boolean} foreign
 * @property {number | null} asOf
 */

/**
 * @typedef {object} Host
 * @property {string} type
 * @property {number} count
 */

/**
 * @typedef {object} Endpoint
 * @property {string} kind
 * @property {string} name  in the ledger
 * @property {string} endpointName  at SageMaker
 * @property {string} state  what lease and schedule say
 * @property {string} why  in a sentence
 * @property {boolean} wanted
 * @property {boolean} needsPerson
 * @property {Seen | null} seen
 * @property {Host[]} hosts
 * @property {number | null} expiresAt
 * @property {{at: number, turns: string, reason: string} | null} next
 * @property {string | null} perHour
 * @property {string | null} soFar
 * @property {number | null} runsSince
 * @property {boolean} billed  whether it costs now
 * @property {number | null} usualStart  in milliseconds
 * @property {number | null} idleMinutes
 * @property {string[]} windows
 * @property {string | null} zone  of its schedule
 * @property {string | null} owner
 * @property {Change | null} last
 * @property {{minutes: number, rule: string} | null} limit  how far ahead its lease may reach
 * @property {string | null} etag
 * @property {string[]} errors
 */

/**
 * @typedef {object} Fleet
 * @property {string} environment
 * @property {number} now  the server's clock when it answered
 * @property {string} commit
 * @property {number | null} seenAt
 * @property {string | null} currency
 * @property {number | null} pricesAt
 * @property {boolean} examplePrices
 * @property {boolean} oldPrices
 * @property {string | null} today  what the fleet has cost since midnight UTC
 * @property {string[]} violations  of the environment itself
 * @property {string | null} commitUrl  with {commit} in it
 * @property {Endpoint[]} endpoints
 */

/**
 * @typedef {object} Me
 * @property {string} name
 * @property {string} email
 * @property {string[]} scopes
 */

/**
 * @typedef {object} Filter  what the address says about the list
 * @property {string} q
 * @property {string} show
 * @property {string} owner
 * @property {string} family
 * @property {string} sort
 * @property {string} zone
 * @property {string[]} cols
 */

/** @typedef {"trouble" | "on" | "busy" | "off" | "held" | "asleep"} Tone */

/**
 * @typedef {object} Badge
 * @property {string} shape
 * @property {string} text
 * @property {string} sub
 * @property {Tone} tone
 * @property {boolean} unseen  SageMaker has not been seen, or not lately
 */

export {};
