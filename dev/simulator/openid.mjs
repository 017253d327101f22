/**
 * The issuer as an OpenID provider (OpenID Connect Core 1.0, code flow with PKCE): discovery, the authorization endpoint with
 * a page to sign in on, and the token endpoint. It signs anyone of `config.openid.people` in, without a password.
 */

import { createHash, randomBytes } from "node:crypto";

import { mint } from "./mint.mjs";
import { errorPage, signInPage } from "./sign-in-page.mjs";

/**
 * @typedef {import("./upstream.mjs").Answer} Answer
 * @typedef {import("./upstream.mjs").Request} Request
 * @typedef {import("./config.mjs").Config} Config
 *
 * @typedef {object} Grant what an authorization code stands for
 * @property {string} redirectUri
 * @property {string} challenge
 * @property {number} issuedAt epoch milliseconds
 * @property {Record<string, unknown>} claims of the ID token
 *
 * @typedef {object} Provider what the endpoints read and change
 * @property {Config} config
 * @property {import("./issuer.mjs").Issuer} issuer
 * @property {AuthorizationCodes} codes
 * @property {string} baseUrl
 */

export const DISCOVERY_PATH = "/.well-known/openid-configuration";
const AUTHORIZE_PATH = "/authorize";
const TOKEN_PATH = "/token";

const CODE_LIFETIME_MS = 60_000;
const ID_TOKEN_LIFETIME_S = 600;
const FORM = "application/x-www-form-urlencoded";

/** @type {Record<string, Record<string, (provider: Provider, request: Request) => Answer>>} */
const ENDPOINTS = {
  [DISCOVERY_PATH]: { GET: discover },
  [AUTHORIZE_PATH]: { GET: showSignIn, POST: signIn },
  [TOKEN_PATH]: { POST: exchangeCode },
};

/** @param {string} path */
export const isOpenId = (path) => Object.hasOwn(ENDPOINTS, path);

/** @param {Provider} provider @param {Request} request of a path that `isOpenId` @returns {Answer} */
export function answerOpenId(provider, request) {
  const methods = ENDPOINTS[request.path];
  if (!Object.hasOwn(methods, request.method))
    return { status: 405, headers: { allow: Object.keys(methods).join(", ") }, body: { error: "method not allowed" } };
  return methods[request.method](provider, request);
}

/** The `iss` of the tokens, and of the discovery document. @param {Pick<Provider, "config" | "baseUrl">} provider */
export const issuerOf = ({ config, baseUrl }) => config.issuer ?? `${baseUrl}/`;

/** The codes that were given out and not used yet. */
export class AuthorizationCodes {
  /** @type {Map<string, Grant>} */
  #grants = new Map();

  /** @param {Grant} grant */
  issue(grant) {
    const code = `sim-code-${randomBytes(18).toString("base64url")}`;
    this.#grants.set(code, grant);
    return code;
  }

  /** What a code stands for, this once and for a minute. @param {string} code */
  redeem(code) {
    const grant = this.#grants.get(code);
    this.#grants.delete(code);
    return grant && Date.now() - grant.issuedAt < CODE_LIFETIME_MS ? grant : undefined;
  }

  clear() {
    this.#grants.clear();
  }
}

/** @param {Provider} provider @returns {Answer} */
function discover(provider) {
  const { config, baseUrl } = provider;
  return {
    status: 200,
    body: {
      issuer: issuerOf(provider),
      // By another name than the service's own, so that a browser meets a provider on another site, as in production.
      authorization_endpoint: baseUrl.replace("127.0.0.1", "localhost") + AUTHORIZE_PATH,
      token_endpoint: baseUrl + TOKEN_PATH,
      jwks_uri: `${baseUrl}/.well-known/jwks.json`,
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      grant_types_supported: ["authorization_code"],
      subject_types_supported: ["public"],
      scopes_supported: ["openid", "email"],
      claims_supported: ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "email", "email_verified"],
      code_challenge_methods_supported: ["S256"],
      id_token_signing_alg_values_supported: ["RS256", "ES256"],
      token_endpoint_auth_methods_supported: config.openid.authMethods,
      ...config.openid.discovery,
    },
  };
}

/**
 * What a client asks for. An error that must not be sent to the client's address (RFC 6749, 4.1.2.1) is shown to the person.
 * @param {Provider} provider
 * @param {URLSearchParams} query
 * @returns {{shown?: string, error?: string}}
 */
function defectOf({ config }, query) {
  const isRepeated = [...query.keys()].some((name) => query.getAll(name).length > 1);
  if (query.get("client_id") !== config.openid.clientId) return { shown: "There is no client with this client_id." };
  if (!isRegistered(query.get("redirect_uri"))) return { shown: "The redirect_uri is not registered for this client." };
  if (isRepeated) return { error: "invalid_request" };
  if (query.get("response_type") !== "code") return { error: "unsupported_response_type" };
  if (!query.get("scope")?.split(" ").includes("openid")) return { error: "invalid_scope" };
  if (!query.get("state") || !query.get("nonce")) return { error: "invalid_request" };
  if (query.get("code_challenge_method") !== "S256") return { error: "invalid_request" };
  if (!/^[\w-]{43}$/.test(query.get("code_challenge") ?? "")) return { error: "invalid_request" };
  if (!/^\d*$/.test(query.get("max_age") ?? "")) return { error: "invalid_request" };
  // There is no session here from which a person could be told without being asked.
  if (query.get("prompt") === "none") return { error: "login_required" };
  return {};
}

/** A client on this machine may listen on any port (RFC 8252, 7.3). @param {string | null} uri */
function isRegistered(uri) {
  if (uri === null || !URL.canParse(uri)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(uri);
  return protocol === "http:" && ["127.0.0.1", "localhost"].includes(hostname) && `${pathname}${search}${hash}` === CALLBACK_PATH;
}

const CALLBACK_PATH = "/console/auth/callback";

/** @param {Provider} provider @param {Request} request @returns {Answer} */
function showSignIn(provider, { query }) {
  const { shown, error } = defectOf(provider, query);
  if (shown) return page(400, errorPage(shown));
  if (error) return backToClient(query, { error });
  return page(200, signInPage(query, provider.config.openid.people));
}

/** A button of the page was pressed. @param {Provider} provider @param {Request} request @returns {Answer} */
function signIn(provider, { query, content }) {
  const { shown, error } = defectOf(provider, query);
  if (shown) return page(400, errorPage(shown));
  if (error) return backToClient(query, { error });
  const { openid } = provider.config;
  const form = new URLSearchParams(content);
  if (form.has("cancel")) return backToClient(query, { error: "access_denied" });
  const email = form.get("email") ?? "";
  if (!openid.people.includes(email)) return page(400, errorPage("This person cannot sign in here."));
  const minutes = form.get("minutes") || "0";
  if (!/^\d{1,6}$/.test(minutes)) return page(400, errorPage("The minutes must be a whole number."));

  const now = Math.floor(Date.now() / 1000);
  const age = Number(minutes) * 60;
  const isTooOld = query.has("max_age") && age > Number(query.get("max_age"));
  const signsInAnew = openid.honoursMaxAge && (isTooOld || query.get("prompt") === "login");
  const code = provider.codes.issue({
    redirectUri: query.get("redirect_uri") ?? "",
    challenge: query.get("code_challenge") ?? "",
    issuedAt: Date.now(),
    claims: {
      sub: `sim|${email.split("@")[0]}`,
      email,
      email_verified: true,
      nonce: query.get("nonce"),
      auth_time: signsInAnew ? now : now - age,
      amr: form.has("mfa") ? ["pwd", "mfa"] : ["pwd"],
    },
  });
  return backToClient(query, { code });
}

/** @param {Provider} provider @param {Request} request @returns {Answer} */
function exchangeCode(provider, { headers, content }) {
  const { config, issuer } = provider;
  if (!headers["content-type"]?.startsWith(FORM)) return refused(400, "invalid_request");
  const form = new URLSearchParams(content);
  if (!isClient(config, headers.authorization, form))
    return { ...refused(401, "invalid_client"), headers: { "www-authenticate": 'Basic realm="token"' } };
  if (form.get("grant_type") !== "authorization_code") return refused(400, "unsupported_grant_type");
  // A code that was presented is used up, whatever is wrong with the rest.
  const grant = provider.codes.redeem(form.get("code") ?? "");
  if (!grant || grant.redirectUri !== form.get("redirect_uri")) return refused(400, "invalid_grant");
  if (challengeOf(form.get("code_verifier") ?? "") !== grant.challenge) return refused(400, "invalid_grant");
  const parties = { iss: issuerOf(provider), aud: config.openid.clientId };
  const idToken = mint(issuer, parties, {
    expiresInSeconds: ID_TOKEN_LIFETIME_S,
    ...config.openid.idToken,
    claims: { ...grant.claims, ...config.openid.idToken.claims },
  });
  return {
    status: 200,
    headers: { "cache-control": "no-store" },
    body: {
      access_token: `sim-access-${randomBytes(24).toString("base64url")}`,
      token_type: "Bearer",
      expires_in: ID_TOKEN_LIFETIME_S,
      scope: "openid email",
      id_token: idToken,
    },
  };
}

/**
 * A client authenticates in one of the ways that are announced, and in one only (RFC 6749, 2.3).
 * @param {Config} config
 * @param {string | undefined} authorization
 * @param {URLSearchParams} form
 */
function isClient({ openid }, authorization, form) {
  if (authorization === undefined) {
    const isRight = form.get("client_id") === openid.clientId && form.get("client_secret") === openid.clientSecret;
    return isRight && openid.authMethods.includes("client_secret_post");
  }
  const [id, secret, ...rest] = Buffer.from(authorization.replace(/^Basic /i, ""), "base64")
    .toString("utf8")
    .split(":");
  const isRight = formDecoded(id) === openid.clientId && formDecoded(secret) === openid.clientSecret && rest.length === 0;
  return isRight && !form.has("client_secret") && openid.authMethods.includes("client_secret_basic");
}

/** Both halves are encoded as a form's values are. @param {string | undefined} text */
const formDecoded = (text) => new URLSearchParams(`v=${text ?? ""}`).get("v");

/** RFC 7636, 4.6. @param {string} verifier */
const challengeOf = (verifier) => createHash("sha256").update(verifier).digest("base64url");

/** @param {URLSearchParams} query @param {Record<string, string>} answer @returns {Answer} */
function backToClient(query, answer) {
  const target = new URL(query.get("redirect_uri") ?? "");
  const state = query.get("state");
  for (const [name, value] of Object.entries({ ...answer, ...(state !== null && { state }) })) {
    target.searchParams.set(name, value);
  }
  return { status: 302, headers: { location: target.href, "cache-control": "no-store" } };
}

/** @param {number} status @param {string} body @returns {Answer} */
const page = (status, body) => ({
  status,
  contentType: "text/html; charset=utf-8",
  headers: { "cache-control": "no-store" },
  body,
});

/** @param {number} status @param {string} error of RFC 6749, 5.2 @returns {Answer} */
const refused = (status, error) => ({ status, headers: { "cache-control": "no-store" }, body: { error } });
