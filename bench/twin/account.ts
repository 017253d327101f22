// The account API, as far as a sign-in service asks it: how an account is protected, and whether a code is right.

import type { Context } from "hono";
import { digest, hex, type KeyRow, verifyToken } from "./auth";
import { findKey } from "./database";
import { type App, type D1Database, type D1PreparedStatement, given } from "./env";
import type { Sealer } from "./sealing";
import { stepOf } from "./totp";

/** `?1` is an id, `?2` a token's subject. */
const ACCOUNT = `
SELECT u.uuid, u.auth_subject, f.secret_sealed, f.totp_failures, f.totp_locked_until,
       coalesce(p.settings ->> 'passkeys_enabled_for_2fa', 0) AS passkeys_enabled,
       (SELECT count(*) FROM backup_codes WHERE user_id = u.uuid AND used_at IS NULL) AS codes
FROM users u
LEFT JOIN second_factors f ON f.user_id = u.uuid
LEFT JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = coalesce(?1, (SELECT uuid FROM users WHERE uuid = ?2), (SELECT uuid FROM users WHERE auth_subject = ?2))`;

// A step is accepted once; failures in a row lock, the fifth for 30 s, each further one for twice as long, up to an hour.
// ?1 user, ?2 now, ?3 the code's step or NULL, ?4 request
const TRY = `
UPDATE second_factors SET
  last_step = iif(?3 > last_step, ?3, last_step),
  totp_failures = iif(?3 > last_step, 0, totp_failures + 1),
  totp_locked_until = iif(?3 > last_step OR totp_failures < 4, 0, ?2 + min(3600000, 30000 << min(totp_failures - 4, 20))),
  accepted_by = iif(?3 > last_step, ?4, accepted_by)
WHERE user_id = ?1 AND totp_locked_until <= ?2 AND totp_failures < 100
RETURNING accepted_by IS ?4 AS accepted`;

interface AccountRow {
  uuid: string;
  auth_subject: string | null;
  secret_sealed: string | null;
  passkeys_enabled: number;
  codes: number;
}

type Refusal = { status: 400 | 401 | 403 | 404; type: string; code: string; detail: string };

const UNKNOWN_KEY = {
  status: 401,
  type: "authentication_error",
  code: "authentication_failed",
  detail: "The API key is invalid or was revoked.",
} as const;
const WRONG_CODE = { status: 400, type: "validation_error", code: "token_invalid", detail: "Token is not valid" } as const;

const denied = (detail: string): Refusal => ({ status: 403, type: "authentication_error", code: "permission_denied", detail });

const NO_STORE = { "Cache-Control": "no-store" };

export async function showStatus(c: Context<App>): Promise<Response> {
  const account = await authorizedAccount(c);
  if ("status" in account) return refuse(c, account);
  const isOn = account.secret_sealed !== null;
  const body = {
    is_enabled: isOn,
    // Shown only to those who have just shown their second factor to the issuer, for which it has no code.
    backup_codes: [],
    backup_codes_remaining: account.codes,
    method: isOn ? "TOTP" : null,
    has_passkeys: false,
    has_totp: isOn,
    passkeys_enabled_for_2fa: account.passkeys_enabled === 1,
  };
  return c.json(body, 200, NO_STORE);
}

export async function verifyCode(c: Context<App>, sealer: Sealer): Promise<Response> {
  const account = await authorizedAccount(c);
  if ("status" in account) return refuse(c, account);
  const { token } = await c.req.json<{ token?: unknown }>();
  const code = typeof token === "string" ? token.replace(/[\s-]/g, "") : "";
  if (!account.secret_sealed || !/^\d{6}$/.test(code)) return refuse(c, WRONG_CODE);
  const now = Date.now();
  const step = await stepOf(await sealer.open("totp-secret", account.uuid, account.secret_sealed), code, now);
  const tried = await c.env.DB.prepare(TRY).bind(account.uuid, now, step, c.get("requestId")).first<{ accepted: number }>();
  return tried?.accepted === 1 ? c.json({ success: true, method: "totp" }, 200, NO_STORE) : refuse(c, WRONG_CODE);
}

/** The account in the path, if it is the caller's own or the caller is a program that may ask about it. */
async function authorizedAccount(c: Context<App>): Promise<AccountRow | Refusal> {
  const wanted = given(c.req.param("uuid"));
  const [, key] = /^Bearer +(spk_.*)$/i.exec(c.req.header("Authorization") ?? "") ?? [];
  if (key) return ofProgram(c.env.DB, wanted, hex(await digest(key)));
  const { sub } = await verifyToken(c);
  if (wanted !== "@me") return denied("As a non-staff user you're only allowed to access the `@me` user instance.");
  const account = await c.env.DB.prepare(ACCOUNT)
    .bind(null, sub ?? null)
    .first<AccountRow>();
  return account ?? { ...UNKNOWN_KEY, detail: "The access token is invalid or has expired." };
}

async function ofProgram(db: D1Database, wanted: string, hash: string): Promise<AccountRow | Refusal> {
  const statements: D1PreparedStatement[] = [db.prepare(ACCOUNT).bind(wanted, null), findKey(db, hash)];
  const [account, found] = await db.batch<AccountRow & KeyRow>(statements);
  const key = found?.results[0];
  if (!key) return UNKNOWN_KEY;
  if (!(JSON.parse(key.scopes) as string[]).includes("user:verify"))
    return denied("API key missing required scope 'user:verify'");
  if (key.user_id !== null && key.user_id !== wanted) return denied("You do not have permission to perform this action.");
  return account?.results[0] ?? { status: 404, type: "invalid_request", code: "not_found", detail: "Not found." };
}

const refuse = (c: Context<App>, { status, ...problem }: Refusal) => c.json({ ...problem, attr: null }, status, NO_STORE);
