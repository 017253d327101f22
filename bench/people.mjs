// Those of whom the account API and the console tell: users with a second factor, and an operator who is signed in.

import { createCipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { Secret } from "otpauth";
import { totp } from "../dev/tooling/totp.mjs";

/** @typedef {import("./world.mjs").World} World */

/** Each code is accepted once, so a request takes the next of them. */
const PROTECTED = 500;
const HOUR_MS = 3_600_000;
/** Of all of them: what it is does not matter, and the code is the same for all. */
const SECRET = new Secret({ size: 20 });

/** Sealed as our Worker does it: AES-256-GCM under a key derived from `key`, bound to what it is for and whose it is. @param {string} key @param {string} user */
function seal(key, user) {
  const raw = Buffer.from(key, "base64");
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(hkdfSync("sha256", raw, "spkey-edge", "sealing", 32)), nonce);
  cipher.setAAD(Buffer.from(`spkey-edge/totp-secret/${user}`));
  const body = Buffer.concat([nonce, cipher.update(SECRET.base32), cipher.final(), cipher.getAuthTag()]);
  return `v2.${createHash("sha256").update(raw).digest("hex").slice(0, 8)}.${body.toString("base64url")}`;
}

/** Adds users with a second factor and without an e-mail, so that no backfill takes them up. @param {World} world @param {string} key that seals @returns {Promise<string[]>} their ids */
export async function addProtected(world, key) {
  const users = Array.from({ length: PROTECTED }, (_, index) => `protected-${index}`);
  const rows = JSON.stringify(users.map((id) => ({ id, sealed: seal(key, id) })));
  const { db } = world.host;
  await db.batch([
    db
      .prepare("INSERT INTO users (uuid, created_at) SELECT value ->> 'id', '2024-01-15T10:30:00.000Z' FROM json_each(?)")
      .bind(rows),
    db
      .prepare(
        "INSERT INTO second_factors (user_id, secret_sealed, enabled_at) SELECT value ->> 'id', value ->> 'sealed', 1 FROM json_each(?)",
      )
      .bind(rows),
  ]);
  return users;
}

/** What an authenticator shows now. */
export const code = () => totp(SECRET, Date.now() / 1000);

/** Lets every code be accepted once more. @param {World} world */
export const forgetCodes = (world) => world.host.db.prepare("UPDATE second_factors SET last_step = -1").run();

/** Signs an administrator in to the console. @param {World} world @returns {Promise<Record<string, string>>} headers */
export async function openSession(world) {
  const token = randomBytes(32).toString("base64url");
  const hash = createHash("sha256").update(token).digest("hex");
  const now = Date.now();
  const { db } = world.host;
  await db.batch([
    db.prepare(
      `INSERT INTO operators (id, email_key, role, created_at, created_by)
       VALUES ('op_01JZX0000000000000000000EX', 'ada@smartphonekey.com', 'admin', 1, 'bench')`,
    ),
    // Seen last in the future: a comparison may take longer than a session may rest.
    db
      .prepare(
        `INSERT INTO console_sessions (id_hash, operator_id, created_at, authenticated_at, seen_at, ends_at)
         VALUES (?1, 'op_01JZX0000000000000000000EX', ?2, ?2, ?3, ?3)`,
      )
      .bind(hash, now, now + 24 * HOUR_MS),
  ]);
  return { cookie: `__Host-spkey_console=${token}`, "sec-fetch-site": "same-origin" };
}
