// @ts-check
// Who is signed in, in this tab alone: a token of the API, or one of the environment's issuer.
// A token never stands in an address.

const TOKEN = "leasehold.token";
const FLOW = "leasehold.sign-in";

/** @typedef {{Issuer: string, ClientId: string, Scopes: string[]}} Issuer */

/** @returns {string | null} */
export function token() {
  return sessionStorage.getItem(TOKEN);
}

/** @param {string} text */
export function signIn(text) {
  sessionStorage.setItem(TOKEN, text.trim().replace(/^bearer\s+/i, ""));
}

export function signOut() {
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(FLOW);
}

/**
 * The issuer at which people sign in, where the environment has one with a client for this page.
 * @returns {Promise<Issuer | null>}
 */
export async function issuer() {
  try {
    const config = new URL("config.json", import.meta.url);
    return (await (await fetch(config, { credentials: "omit" })).json()).Oidc;
  } catch {
    return null; // a token will do
  }
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_")
    .replace(/=+$/, "");
}

function secret() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** What is sent in place of a secret: S256 of RFC 7636. @param {string} verifier */
async function challenge(verifier) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

/** The page's own address, which the issuer sends people back to. */
function here() {
  return location.origin + location.pathname;
}

/**
 * @param {string} issuer
 * @returns {Promise<{authorization_endpoint: string, token_endpoint: string}>}
 */
async function discover(issuer) {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const found = await fetch(url, { credentials: "omit" }).then((answer) => answer.json());
  if (found.issuer !== issuer) throw new Error(`${url} is of another issuer: ${found.issuer}.`);
  return found;
}

/** Leave for the issuer's page; what comes back is read by `finish`. @param {Issuer} at */
export async function begin(at) {
  const { authorization_endpoint } = await discover(at.Issuer);
  const flow = { state: secret(), verifier: secret(), hash: location.hash };
  sessionStorage.setItem(FLOW, JSON.stringify(flow));
  const url = new URL(authorization_endpoint);
  const query = {
    response_type: "code",
    client_id: at.ClientId,
    redirect_uri: here(),
    scope: at.Scopes.join(" "),
    state: flow.state,
    code_challenge: await challenge(flow.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  location.assign(url.href);
}

/**
 * Take up a sign-in that comes back from the issuer: its code is traded for a token, and the
 * address is what it was before. Says what went wrong, or nothing.
 * @param {Issuer | null} at
 * @param {(token: string) => Promise<boolean>} works  whether the API lets a token do anything
 * @returns {Promise<string>}
 */
export async function finish(at, works) {
  const said = new URLSearchParams(location.search);
  const kept = sessionStorage.getItem(FLOW);
  const code = said.get("code");
  if (!at || !kept || !(code || said.get("error"))) return "";
  sessionStorage.removeItem(FLOW);
  const flow = JSON.parse(kept);
  history.replaceState(null, "", here() + flow.hash);
  if (said.get("state") !== flow.state) {
    return "The sign-in was not begun in this tab: begin it again.";
  }
  if (!code) return `The issuer refused: ${said.get("error_description") ?? said.get("error")}.`;
  try {
    for (const each of await trade(at, code, flow.verifier)) {
      if (await works(each)) {
        signIn(each);
        return "";
      }
    }
    return "The issuer knows you, and this API gives you no scope: ask who runs it.";
  } catch (error) {
    return `The sign-in did not succeed: ${error instanceof Error ? error.message : error}`;
  }
}

/**
 * @param {Issuer} at @param {string} code @param {string} verifier
 * @returns {Promise<string[]>}  the one that names its holder first
 */
async function trade(at, code, verifier) {
  const { token_endpoint } = await discover(at.Issuer);
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: at.ClientId,
    redirect_uri: here(),
    code,
    code_verifier: verifier,
  });
  const answer = await fetch(token_endpoint, { method: "POST", body: form, credentials: "omit" });
  const tokens = await answer.json();
  // Which of them the API takes depends on the claims that its environment reads.
  const found = [tokens.id_token, tokens.access_token].filter(Boolean);
  if (!answer.ok || !found.length) throw new Error(tokens.error ?? `HTTP ${answer.status}`);
  return found;
}
