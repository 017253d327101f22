// Who calls: the admin pair, a signed-in person, or an API key.

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { HTTPException } from "hono/http-exception";
import { compactVerify, createRemoteJWKSet, customFetch, decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import type { App, Bindings } from "./env";
import { Verdicts } from "./verdicts";

const ADMIN_DOMAIN = "smartphonekey.com";
const ALGORITHMS = ["RS256", "ES256"];
const TOLERANCE_S = 60;

/** One set an isolate; jose keeps the imported keys in it. */
let jwks: ReturnType<typeof createRemoteJWKSet> | undefined;
/** How often the set was fetched. */
let generation = 0;
const verdicts = new Verdicts();
let adminKeyHash: Promise<ArrayBuffer> | undefined;

const unauthorized = (cause?: unknown) =>
  new HTTPException(401, { message: "Authentication required. Please provide a valid API token", cause });
const forbidden = () => new HTTPException(403, { message: "You do not have permission to perform this action" });

export async function verifyToken(c: Context<App>): Promise<JWTPayload> {
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(c.req.header("Authorization") ?? "") ?? [];
  if (!token) throw unauthorized();
  try {
    return c.env.SIGNATURE_CACHE ? await verifyOnce(c.env, token) : await verify(c.env, token);
  } catch (cause) {
    if (cause instanceof errors.JWKSTimeout)
      throw new HTTPException(503, { message: "Tokens cannot be verified at the moment", cause });
    throw unauthorized(cause);
  }
}

function keysOf(env: Bindings) {
  jwks ??= createRemoteJWKSet(new URL(env.JWT_JWKS_URL), {
    timeoutDuration: 5_000,
    cooldownDuration: 60_000,
    [customFetch]: (url, options) => {
      generation += 1;
      return fetch(url, options);
    },
  });
  return jwks;
}

async function verify(env: Bindings, token: string): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keysOf(env), {
    issuer: env.JWT_ISSUER,
    audience: env.JWT_AUDIENCE,
    algorithms: ALGORITHMS,
    requiredClaims: ["exp"],
    clockTolerance: TOLERANCE_S,
  });
  return payload;
}

/** A signature that was good is not checked again. */
async function verifyOnce(env: Bindings, token: string): Promise<JWTPayload> {
  const hash = hex(await digest(token));
  const now = Date.now();
  if (verdicts.isGood(hash, generation, now)) return judged(env, decodeJwt(token), now);
  let used = 0;
  const keys = async (...asked: Parameters<ReturnType<typeof keysOf>>) => {
    const key = await keysOf(env)(...asked);
    // Before the check is over, another request may have fetched the set again.
    used = generation;
    return key;
  };
  await compactVerify(token, keys, { algorithms: ALGORITHMS });
  const payload = judged(env, decodeJwt(token), now);
  verdicts.keep(hash, used, now, (payload.exp ?? 0) * 1000);
  return payload;
}

/** What jose's `jwtVerify` asks of the claims. */
function judged(env: Bindings, payload: JWTPayload, now: number): JWTPayload {
  const { iss, aud, exp, nbf } = payload;
  const seconds = Math.floor(now / 1000);
  if (iss !== env.JWT_ISSUER || !(Array.isArray(aud) ? aud : [aud]).includes(env.JWT_AUDIENCE)) throw unauthorized();
  if (typeof exp !== "number" || exp <= seconds - TOLERANCE_S) throw unauthorized();
  if (nbf !== undefined && (typeof nbf !== "number" || nbf > seconds + TOLERANCE_S)) throw unauthorized();
  return payload;
}

export const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

async function isAdminKey(env: Bindings, key: string | undefined): Promise<boolean> {
  if (!key) return false;
  adminKeyHash ??= digest(env.ADMIN_API_KEY);
  return timingSafeEqual(await adminKeyHash, await digest(key));
}

const timingSafeEqual = (a: ArrayBuffer, b: ArrayBuffer): boolean => crypto.subtle.timingSafeEqual(a, b);

async function authenticateAdmin(c: Context<App>): Promise<void> {
  const key = c.req.header("X-Admin-API-Key") ?? c.req.header("X-API-Key");
  if (!(await isAdminKey(c.env, key))) throw unauthorized();
  const { email, email_verified } = await verifyToken(c);
  if (typeof email !== "string" || email_verified === false) throw unauthorized();
  if (email.slice(email.lastIndexOf("@") + 1).toLowerCase() !== ADMIN_DOMAIN) throw forbidden();
}

export const admin = createMiddleware<App>(async (c, next) => {
  await authenticateAdmin(c);
  await next();
});

/** What the caller of a user's credentials has shown, before the database was asked about it. */
export type UserCaller = { kind: "admin" } | { kind: "person"; subject: string } | { kind: "key"; hash: string };

export async function authenticateUserCaller(c: Context<App>): Promise<UserCaller> {
  const key = c.req.header("X-API-Key");
  if (key?.startsWith("spk_")) return { kind: "key", hash: hex(await digest(key)) };
  if (key || c.req.header("X-Admin-API-Key")) {
    await authenticateAdmin(c);
    return { kind: "admin" };
  }
  const { sub } = await verifyToken(c);
  if (!sub) throw unauthorized();
  return { kind: "person", subject: sub };
}

export interface KeyRow {
  scopes: string;
  user_id: string | null;
}

/** Whether the caller may see this user, now that the database has answered. */
export function authorize(
  caller: UserCaller,
  userId: string,
  authSubject: string | null | undefined,
  key: KeyRow | undefined,
): void {
  if (caller.kind === "person" && caller.subject !== userId && caller.subject !== authSubject) throw forbidden();
  if (caller.kind !== "key") return;
  if (!key) throw unauthorized();
  if (!(JSON.parse(key.scopes) as string[]).includes("threedeye:read")) throw forbidden();
  if (key.user_id !== null && key.user_id !== userId) throw forbidden();
}

export const hex = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
