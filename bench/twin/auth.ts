// Who calls: the admin pair, a signed-in person, or an API key.

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { HTTPException } from "hono/http-exception";
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import type { App, Bindings } from "./env";

const ADMIN_DOMAIN = "smartphonekey.com";

/** One set an isolate; jose keeps the imported keys in it. */
let jwks: ReturnType<typeof createRemoteJWKSet> | undefined;
let adminKeyHash: Promise<ArrayBuffer> | undefined;

const unauthorized = (cause?: unknown) =>
  new HTTPException(401, { message: "Authentication required. Please provide a valid API token", cause });
const forbidden = () => new HTTPException(403, { message: "You do not have permission to perform this action" });

async function verifyToken(c: Context<App>): Promise<JWTPayload> {
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(c.req.header("Authorization") ?? "") ?? [];
  if (!token) throw unauthorized();
  jwks ??= createRemoteJWKSet(new URL(c.env.JWT_JWKS_URL), { timeoutDuration: 5_000, cooldownDuration: 60_000 });
  try {
    const { payload } = await jwtVerify(token, jwks, {
      issuer: c.env.JWT_ISSUER,
      audience: c.env.JWT_AUDIENCE,
      algorithms: ["RS256", "ES256"],
      requiredClaims: ["exp"],
      clockTolerance: 60,
    });
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JWKSTimeout)
      throw new HTTPException(503, { message: "Tokens cannot be verified at the moment", cause });
    throw unauthorized(cause);
  }
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
