// The identity provider: does it answer, does it call itself as the settings do, and are its keys of use?

import { OWN_VALUE, setExample } from "./examples.mjs";
import { ok, problem, shown, unseen, warning } from "./finding.mjs";
import { look } from "./http.mjs";
import { ALGORITHMS, readKeySet } from "./key-set.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./deployment.mjs").Deployment} Deployment
 * @typedef {import("./key-set.mjs").KeySet} KeySet
 *
 * @typedef {object} Issuer
 * @property {Finding[]} findings
 * @property {KeySet} [keys]
 * @property {number} [skew] of its clock
 * @property {string} [confirmed] the issuer as its own discovery document names it
 */

/** What the Worker takes. */
const MAX_KEY_SET_BYTES = 64 * 1024;

/** @param {Deployment} deployment @param {string} name */
export function textOf({ vars }, name) {
  const value = vars[name];
  return (typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value)).trim();
}

/** Secrets may be sent there, and answers trusted. @param {string} text */
export function isSafeUrl(text) {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLoopback = hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
  return username === "" && password === "" && (protocol === "https:" || (protocol === "http:" && isLoopback));
}

/** @param {string} check @param {string} what could not be seen @param {string} name of its setting @param {Deployment} deployment */
export const noAddress = (check, what, name, deployment) =>
  unseen(check, `${what}: ${name} is no address to ask; ${OWN_VALUE}`, setExample(name, deployment));

/** @param {Deployment} deployment @returns {Promise<Issuer>} */
export async function checkIssuer(deployment) {
  const [discovery, keySet] = await Promise.all([checkDiscovery(deployment), checkKeys(deployment)]);
  const findings = [...keySet.findings, ...discovery.findings];
  return { findings, keys: keySet.keys, skew: keySet.skew ?? discovery.skew, confirmed: discovery.confirmed };
}

/** @param {Deployment} deployment @returns {Promise<Issuer>} */
async function checkKeys(deployment) {
  const { commands } = deployment;
  const check = "issuer.keys";
  const url = textOf(deployment, "JWT_JWKS_URL");
  const command = commands.look(url);
  if (!isSafeUrl(url)) return { findings: [noAddress(check, "the key set", "JWT_JWKS_URL", deployment)] };
  const { page, cause } = await look(url, { maxBytes: MAX_KEY_SET_BYTES });
  if (!page) return { findings: [problem(check, `JWT_JWKS_URL does not answer: ${cause}`, command)] };
  const { skew } = page;
  if (page.status !== 200)
    return { skew, findings: [problem(check, `JWT_JWKS_URL answers ${page.status}; redirects are not followed`, command)] };
  const keys = await readKeySet(page.json);
  if (!keys) return { skew, findings: [problem(check, "what is at JWT_JWKS_URL is no key set", command)] };
  const passed = keys.useless.length > 0 ? `; of no use: ${keys.useless.join(", ")}` : "";
  if (keys.usable.length === 0)
    return { skew, keys, findings: [problem(check, `no RS256 or ES256 key with an id${passed}`, command)] };
  const names = keys.usable.map(({ kid, alg }) => `${kid} (${alg})`).join(", ");
  return { skew, keys, findings: [ok(check, `${names}${passed}`)] };
}

/** @param {Deployment} deployment @returns {Promise<Issuer>} */
async function checkDiscovery(deployment) {
  const { commands } = deployment;
  const check = "issuer.discovery";
  const issuer = textOf(deployment, "JWT_ISSUER");
  if (!isSafeUrl(issuer)) return { findings: [noAddress(check, "the discovery document", "JWT_ISSUER", deployment)] };
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { page, cause } = await look(url);
  const isNeeded = textOf(deployment, "CONSOLE_CLIENT_ID") !== "";
  if (page?.status !== 200 || typeof page.json?.issuer !== "string") {
    const seen = `${url}: ${page ? (page.status === 200 ? "no discovery document" : `status ${page.status}`) : cause}`;
    // Only the console cannot do without.
    const said = isNeeded
      ? problem(check, `${seen}; the console's sign-in needs it`, commands.look(url))
      : warning(check, seen, commands.look(url));
    return { skew: page?.skew, findings: [said] };
  }
  const document = page.json;
  const findings = [
    nameOf(document, issuer, deployment),
    keysOf(document, url, deployment),
    algorithmsOf(document, url, deployment),
  ];
  if (isNeeded) findings.push(endpointsOf(document, url, deployment));
  return { skew: page.skew, confirmed: document.issuer, findings };
}

/** @param {any} document @param {string} configured @param {Deployment} deployment @returns {Finding} */
function nameOf({ issuer }, configured, { commands }) {
  if (issuer === configured) return ok("issuer.discovery", `${issuer} calls itself so`);
  const isSlash = issuer.replace(/\/$/, "") === configured.replace(/\/$/, "");
  const seen = `JWT_ISSUER is ${shown(configured)}, the provider calls itself ${shown(issuer)}${isSlash ? ": the last slash counts" : ""}; every token is refused`;
  return problem("issuer.discovery", seen, commands.set("JWT_ISSUER", issuer));
}

/** @param {any} document @param {string} url @param {Deployment} deployment @returns {Finding} */
function keysOf({ jwks_uri: announced }, url, deployment) {
  const check = "issuer.key_set_address";
  const configured = textOf(deployment, "JWT_JWKS_URL");
  if (typeof announced !== "string" || !isSafeUrl(announced)) {
    const seen = "the provider announces no usable jwks_uri, which JWT_JWKS_URL could be compared with";
    return warning(check, seen, deployment.commands.look(url));
  }
  if (announced === configured) return ok(check, "JWT_JWKS_URL is the one that is announced");
  const seen = `JWT_JWKS_URL is ${shown(configured)}, announced is ${shown(announced)}`;
  const command = deployment.commands.set("JWT_JWKS_URL", announced);
  return configured ? warning(check, seen, command) : problem(check, seen, command);
}

/** @param {any} document @param {string} url @param {Deployment} deployment @returns {Finding} */
function algorithmsOf({ id_token_signing_alg_values_supported: announced }, url, { commands }) {
  const check = "issuer.algorithms";
  if (!Array.isArray(announced)) return warning(check, "the provider does not say how it signs", commands.look(url));
  const common = announced.filter((name) => ALGORITHMS.includes(name));
  if (common.length > 0) return ok(check, common.join(", "));
  return problem(
    check,
    `the provider signs with ${shown(announced.join(", "))}, the Worker takes RS256 and ES256 only`,
    commands.look(url),
  );
}

/** @param {any} document @param {string} url @param {Deployment} deployment @returns {Finding} */
function endpointsOf(document, url, { commands }) {
  const check = "issuer.console";
  const missing = ["authorization_endpoint", "token_endpoint"].filter((name) => !isSafeUrl(String(document[name] ?? "")));
  if (missing.length > 0)
    return problem(check, `the console's sign-in needs a usable ${missing.join(" and ")}`, commands.look(url));
  const methods = document.token_endpoint_auth_methods_supported;
  const isUsable =
    !Array.isArray(methods) || methods.some((name) => ["client_secret_basic", "client_secret_post"].includes(name));
  if (isUsable) return ok(check, "the endpoints of the console's sign-in are announced");
  return problem(
    check,
    `the token endpoint takes none of client_secret_basic and client_secret_post, but ${shown(methods.join(", "))}`,
    commands.look(url),
  );
}
