// Cloudflare's API, as far as the doctor asks it: it only reads.

import { whyFailed } from "../tooling/failed-call.mjs";
import { attempt } from "../tooling/run.mjs";
import { Failure } from "../tooling/say.mjs";
import { WRANGLER, wranglerEnv } from "../tooling/wrangler.mjs";

const PUBLIC = "https://api.cloudflare.com/client/v4";
const TIMEOUT_MS = 15_000;
const MOST_PAGES = 100;

/**
 * @typedef {{ok: true, result: any, pages: number, kind: Credentials["kind"]}} Answered
 * @typedef {{ok: false, why: "unreachable" | "denied" | "absent" | "failed", code: number, text: string, kind: Credentials["kind"]}} Refused
 * @typedef {Answered | Refused} Answer
 * @typedef {{headers: Record<string, string>, kind: "token" | "login" | "key"}} Credentials
 */

/** Codes of refusals that come with another status than 401 or 403. */
const DENIED = new Set([1000, 6003, 6111, 9106, 9109, 10000]);

/** The address that wrangler would use, too. @param {NodeJS.ProcessEnv} env */
export function apiAddress(env) {
  const text = (env.CLOUDFLARE_API_BASE_URL || PUBLIC).replace(/\/+$/, "");
  const { protocol, hostname } = URL.canParse(text) ? new URL(text) : { protocol: "", hostname: "" };
  const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  if (protocol === "https:" || (protocol === "http:" && isLoopback)) return text;
  throw new Failure("CLOUDFLARE_API_BASE_URL must be https, or http on a loopback host");
}

/**
 * A token from the environment, or the login of wrangler.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Credentials | undefined>}
 */
export async function findCredentials(env) {
  if (env.CLOUDFLARE_API_TOKEN) return bearer(env.CLOUDFLARE_API_TOKEN, "token");
  // No log of wrangler's either: the answer is a secret.
  const quiet = { ...wranglerEnv(), ...env, WRANGLER_WRITE_LOGS: "false", WRANGLER_LOG: "error" };
  const args = [WRANGLER, "auth", "token", "--json"];
  const { code, stdout } = await attempt(process.execPath, args, { env: quiet, timeoutMs: 60_000 });
  if (code !== 0) return undefined;
  try {
    const { type, token, key, email } = JSON.parse(stdout.slice(stdout.indexOf("{")));
    if (type === "api_key") return { headers: { "x-auth-key": key, "x-auth-email": email }, kind: "key" };
    return bearer(token, type === "api_token" ? "token" : "login");
  } catch {
    return undefined;
  }
}

/** @param {string} token @param {Credentials["kind"]} kind @returns {Credentials} */
function bearer(token, kind) {
  if (!/^[\x21-\x7e]+$/.test(token.trim())) throw new Failure("CLOUDFLARE_API_TOKEN has characters that no token has");
  return { headers: { authorization: `Bearer ${token.trim()}` }, kind };
}

export class Cloudflare {
  #address;
  #headers;
  #kind;

  /** @param {string} address @param {Credentials} credentials */
  constructor(address, { headers, kind }) {
    this.#address = address;
    this.#headers = headers;
    this.#kind = kind;
  }

  /** @param {string} path @param {Record<string, string>} [query] @returns {Promise<Answer>} */
  get = (path, query = {}) => this.#ask(`${path}${Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : ""}`, {});

  /** All pages of a list. @param {string} path @param {Record<string, string>} [query] @returns {Promise<Answer>} */
  async list(path, query = {}) {
    const all = [];
    for (let page = 1; ; page += 1) {
      const answer = await this.get(path, { ...query, page: String(page) });
      if (!answer.ok) return answer;
      all.push(...(answer.result ?? []));
      if (page >= Math.min(answer.pages, MOST_PAGES)) return { ...answer, result: all };
    }
  }

  /** @param {string} path of the database @param {string} sql which reads @returns {Promise<Answer>} its rows */
  async query(path, sql) {
    const body = JSON.stringify({ sql });
    const headers = { "content-type": "application/json" };
    const answer = await this.#ask(`${path}/query`, { method: "POST", body, headers });
    return answer.ok ? { ...answer, result: answer.result?.[0]?.results ?? [] } : answer;
  }

  /** @param {string} path @param {RequestInit} init @returns {Promise<Answer>} */
  async #ask(path, init) {
    const headers = { ...init.headers, ...this.#headers };
    try {
      const limits = /** @type {const} */ ({ redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
      const response = await fetch(`${this.#address}${path}`, { ...init, ...limits, headers });
      return { ...answerOf(response.status, await response.json().catch(() => ({}))), kind: this.#kind };
    } catch (error) {
      return { ok: false, why: "unreachable", code: 0, text: whyFailed(error), kind: this.#kind };
    }
  }
}

/** @param {number} status @param {any} body @returns {Omit<Answered, "kind"> | Omit<Refused, "kind">} */
function answerOf(status, body) {
  if (status === 200 && body.success === true)
    return { ok: true, result: body.result, pages: body.result_info?.total_pages ?? 1 };
  const [{ code = 0, message = `status ${status}` } = {}] = body.errors ?? [];
  const isDenied = status === 401 || status === 403 || DENIED.has(code);
  return {
    ok: false,
    why: isDenied ? "denied" : status === 404 ? "absent" : "failed",
    code,
    text: `${message} [${code || status}]`,
  };
}
