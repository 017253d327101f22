// The claims of a token, one by one: which pass, which make the Worker refuse it, and which setting would change that.
// A setting is only proposed for what a genuine token says.

import { OWN_VALUE, setExample } from "./examples.mjs";
import { ok, problem, shown, TOKEN_AGAIN, unseen, warning } from "./finding.mjs";
import { textOf } from "./issuer.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./token.mjs").Surroundings & {isGenuine: boolean}} Verified
 * @typedef {Record<string, unknown>} Claims
 */

const LEEWAY_S = 60;
const RECENT_S = 2 * 3600;

/** Shows the Auth0 Action that puts the claims into access tokens. */
const SHOW_ACTION = "sed -n '/^### With Auth0/,/^## /p' docs/DEPLOY.md";

/** @param {Claims} claims @param {Verified} verified @returns {Finding[]} */
export function explainClaims(claims, verified) {
  return [issuer, audience, expiry, beginning, issuing, subject, signIn, methods, email, emailVerified, domain, staff].map(
    (explain) => explain(claims, verified),
  );
}

/** `null` counts as absent. @param {Claims} claims @param {string} name @returns {any} */
const claim = (claims, name) => (Object.hasOwn(claims, name) ? (claims[name] ?? undefined) : undefined);

/** What a setting says a claim is called. @param {Verified} verified @param {string} setting @param {string} preset */
const nameOf = ({ deployment }, setting, preset) => textOf(deployment, setting) || preset;

/** A claim of the token that seems to be the one looked for: `https://spkey.co/email`, where `email` is wanted. @param {Claims} claims @param {string} wanted @param {string} plain */
const namesake = (claims, wanted, plain) =>
  Object.keys(claims).find((name) => name !== wanted && (name === plain || name.endsWith(`/${plain}`)));

/**
 * A claim is absent: perhaps it has another name, or the provider has to be told to send it.
 * @param {Claims} claims @param {Verified} verified @param {{check: string, name: string, setting: string, plain: string, means: string}} about
 * @returns {Finding}
 */
function absent(claims, { deployment, isGenuine }, { check, name, setting, plain, means }) {
  const other = namesake(claims, name, plain);
  if (other && isGenuine)
    return warning(check, `no claim ${shown(name)}, but ${shown(other)}; ${means}`, deployment.commands.set(setting, other));
  return warning(check, `no claim ${shown(name)}; ${means}`, SHOW_ACTION);
}

/** Perhaps it is set as a secret. @param {string} check @param {string} setting @param {import("./deployment.mjs").Deployment} deployment */
const unset = (check, setting, deployment) =>
  unseen(check, `whether it is right: ${setting} is not in wrangler.toml; ${OWN_VALUE}`, setExample(setting, deployment));

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function issuer(claims, { deployment, confirmed, isGenuine }) {
  const value = claim(claims, "iss");
  const wanted = textOf(deployment, "JWT_ISSUER");
  if (wanted === "") return unset("token.iss", "JWT_ISSUER", deployment);
  if (value === wanted) return ok("token.iss", wanted);
  const seen = value === undefined ? "it has no iss" : `iss is ${shown(value)}, JWT_ISSUER is ${shown(wanted)}`;
  const isOwn = isGenuine && typeof value === "string" && (confirmed === undefined || confirmed === value);
  return problem("token.iss", seen, isOwn ? deployment.commands.set("JWT_ISSUER", value) : TOKEN_AGAIN);
}

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function audience(claims, { deployment, isGenuine }) {
  const check = "token.aud";
  const value = claim(claims, "aud");
  const wanted = textOf(deployment, "JWT_AUDIENCE");
  const all = typeof value === "string" ? [value] : value;
  if (value === undefined)
    return problem(check, "it has no aud: ask the provider for a token of the API's audience", TOKEN_AGAIN);
  if (!Array.isArray(all) || all.some((one) => typeof one !== "string"))
    return problem(check, "aud is neither a text nor a list of texts", TOKEN_AGAIN);
  if (wanted === "") return unset(check, "JWT_AUDIENCE", deployment);
  if (all.includes(wanted)) return ok(check, wanted);
  const client = textOf(deployment, "CONSOLE_CLIENT_ID");
  if (client !== "" && all.includes(client))
    return problem(check, "an ID token of the console's client: the API takes access tokens", TOKEN_AGAIN);
  const seen = `aud is ${all.map(shown).join(", ") || "empty"}, JWT_AUDIENCE is ${shown(wanted)}`;
  const proposed = all.find((one) => !/\/userinfo$/.test(one));
  return problem(check, seen, isGenuine && proposed ? deployment.commands.set("JWT_AUDIENCE", proposed) : TOKEN_AGAIN);
}

/** A NumericDate, in words. @param {number} seconds */
const at = (seconds) =>
  Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString().replace(".000Z", "Z") : String(seconds);

/** @param {unknown} value @returns {value is number} */
const isDate = (value) => typeof value === "number" && Number.isFinite(value);

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function expiry(claims, { now }) {
  const value = claim(claims, "exp");
  if (value === undefined) return problem("token.exp", "it never expires, which is refused", TOKEN_AGAIN);
  if (!isDate(value)) return problem("token.exp", "exp is no number", TOKEN_AGAIN);
  if (Math.floor(value) + LEEWAY_S > now) return ok("token.exp", `expires ${at(value)}`);
  return problem("token.exp", `expired ${at(value)}: sign in again for another`, TOKEN_AGAIN);
}

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function beginning(claims, { now }) {
  const value = claim(claims, "nbf");
  if (value === undefined) return ok("token.nbf", "not said");
  if (!isDate(value)) return problem("token.nbf", "nbf is no number", TOKEN_AGAIN);
  if (value - LEEWAY_S <= now) return ok("token.nbf", `valid since ${at(value)}`);
  return problem("token.nbf", `not valid before ${at(value)}; does the provider's clock run ahead?`, TOKEN_AGAIN);
}

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function issuing(claims, { now }) {
  const value = claim(claims, "iat");
  if (value === undefined) return ok("token.iat", "not said");
  if (!isDate(value)) return problem("token.iat", "iat is no number", TOKEN_AGAIN);
  if (value - LEEWAY_S <= now) return ok("token.iat", `issued ${at(value)}`);
  return problem("token.iat", `issued in the future, ${at(value)}; does the provider's clock run ahead?`, TOKEN_AGAIN);
}

/** @param {Claims} claims @returns {Finding} */
function subject(claims) {
  const value = claim(claims, "sub");
  if (value === undefined)
    return warning("token.sub", "it has no sub, so it is no user's: the account API refuses it", TOKEN_AGAIN);
  if (typeof value !== "string" || value === "") return problem("token.sub", "sub is not a text, or is empty", TOKEN_AGAIN);
  return ok("token.sub", "there; it must be the uuid or the auth_subject of a user, for the account API");
}

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function signIn(claims, verified) {
  const { now, deployment } = verified;
  const check = "token.auth_time";
  const name = nameOf(verified, "JWT_AUTH_TIME_CLAIM", "auth_time");
  const value = claim(claims, name);
  if (value !== undefined && !isDate(value)) return problem(check, `${shown(name)} is no number of seconds`, SHOW_ACTION);
  if (value !== undefined && Math.floor(value) - now > LEEWAY_S)
    return problem(check, `signed in in the future, ${at(value)}`, TOKEN_AGAIN);
  const issued = claim(claims, "iat");
  const takesIssuing = textOf(deployment, "JWT_AUTH_TIME") === "or_iat" && isDate(issued);
  if (value === undefined && !takesIssuing) {
    const means =
      "every sign-in counts as old, so no key can be made and no second factor changed (JWT_AUTH_TIME=or_iat would take iat)";
    return absent(claims, verified, { check, name, setting: "JWT_AUTH_TIME_CLAIM", plain: "auth_time", means });
  }
  const moment = Math.floor(value ?? issued);
  if (now - moment < RECENT_S) return ok(check, `signed in ${at(moment)}, which is recent`);
  return warning(check, `signed in ${at(moment)}: what takes a sign-in of the last 2 h is refused; sign in again`, TOKEN_AGAIN);
}

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function methods(claims, verified) {
  const check = "token.amr";
  const name = nameOf(verified, "JWT_AMR_CLAIM", "amr");
  const value = claim(claims, name);
  if (value === undefined) {
    const means = "a second factor shown at the provider is not seen";
    return absent(claims, verified, { check, name, setting: "JWT_AMR_CLAIM", plain: "amr", means });
  }
  if (!Array.isArray(value)) return warning(check, `${shown(name)} is no list, and is not read`, SHOW_ACTION);
  return ok(check, value.includes("mfa") ? "with a second factor" : "without mfa, so no second factor was proved");
}

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function email(claims, verified) {
  const check = "token.email";
  const name = nameOf(verified, "JWT_EMAIL_CLAIM", "email");
  const value = claim(claims, name);
  if (typeof value === "string" && value !== "") return ok(check, masked(value));
  if (value !== undefined)
    return warning(check, `${shown(name)} is not a text, or is empty: an administrator would be refused`, SHOW_ACTION);
  return absent(claims, verified, {
    check,
    name,
    setting: "JWT_EMAIL_CLAIM",
    plain: "email",
    means: "an administrator would be refused",
  });
}

/** @param {string} address */
const masked = (address) => `${address.slice(0, 1)}***${address.includes("@") ? address.slice(address.indexOf("@")) : ""}`;

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function emailVerified(claims, verified) {
  const check = "token.email_verified";
  const name = nameOf(verified, "JWT_EMAIL_VERIFIED_CLAIM", "email_verified");
  const value = claim(claims, name);
  if (value === true || (typeof value === "string" && value.toLowerCase() === "true")) return ok(check, "verified");
  if (value !== undefined)
    return warning(
      check,
      "the e-mail is not verified, so the token is no administrator's: verify it, sign in again",
      TOKEN_AGAIN,
    );
  if (textOf(verified.deployment, "JWT_EMAIL_VERIFIED") === "unless_false")
    return ok(check, "not said, and taken to be verified (JWT_EMAIL_VERIFIED)");
  const means = "the e-mail does not count as verified: an administrator would be refused";
  return absent(claims, verified, { check, name, setting: "JWT_EMAIL_VERIFIED_CLAIM", plain: "email_verified", means });
}

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function domain(claims, verified) {
  const check = "token.domain";
  const { deployment } = verified;
  const value = claim(claims, nameOf(verified, "JWT_EMAIL_CLAIM", "email"));
  const listed =
    deployment.vars.ADMIN_EMAIL_DOMAINS === undefined ? "smartphonekey.com" : domainsOf(deployment.vars.ADMIN_EMAIL_DOMAINS);
  const domains = listed.split(",").map((one) => one.trim().toLowerCase());
  const parts = typeof value === "string" ? value.split("@") : [];
  if (parts.length !== 2) return warning(check, "no e-mail with one @, so the token is no administrator's", SHOW_ACTION);
  // Only ASCII letters are folded: the Kelvin sign is no k.
  const own = String(parts[1]).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (own !== "" && domains.includes(own)) return ok(check, `${own} is a domain of administrators`);
  // No command makes a domain one of administrators: most tokens that are looked at are of people who are none.
  const seen = `${shown(own)} is not in ADMIN_EMAIL_DOMAINS (${domains.join(", ")}): admin routes answer 403, which is right unless all of that domain are staff`;
  return warning(check, seen, TOKEN_AGAIN);
}

/** @param {unknown} value wrangler.toml may have a list */
const domainsOf = (value) => (Array.isArray(value) ? value.join(",") : String(value));

/** @param {Claims} claims @param {Verified} verified @returns {Finding} */
function staff(claims, verified) {
  const check = "token.staff";
  const grant = claim(claims, "gty");
  if (grant === "client-credentials" || grant === "client_credentials") {
    return warning(
      check,
      "it was given to a program (gty), which is never staff: give the program an API key instead (docs/API.md)",
      TOKEN_AGAIN,
    );
  }
  const name = nameOf(verified, "JWT_STAFF_CLAIM", "is_staff");
  return ok(check, claim(claims, name) === true ? "staff in the account API" : "not staff in the account API");
}
