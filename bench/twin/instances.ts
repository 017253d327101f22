// The user-key API: whom a key opens an instance to, and a user's own key.

import type { Context } from "hono";
import { digest, hex } from "./auth";
import { type App, given } from "./env";

const VISIT = `
SELECT i.name, k.id AS key_id, k.role, k.ignore_acl,
       o.id AS owner_id, o.username AS owner_username, o.created_at AS owner_created_at,
       t.id AS target_id, t.username AS target_username, t.created_at AS target_created_at
FROM instances i
LEFT JOIN instance_keys k ON k.key_hash = ?2 AND k.instance = i.name AND k.revoked_at IS NULL
LEFT JOIN instance_users o ON o.key_hash = ?3 AND o.instance = i.name
LEFT JOIN instance_users t ON t.id = ?4 AND t.instance = i.name
WHERE i.name = ?1`;

const RESET = `
UPDATE instance_users SET key_hash = ?2, key_changed_at = ?3
WHERE id = ?1 AND (?4 IS NULL OR key_hash = ?4) RETURNING id`;

const AUDIT = `
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
SELECT ?1, ?2, 'user_key.reset', ?3, 'new key', ?4 WHERE changes() > 0`;

interface VisitRow {
  key_id: string | null;
  role: string | null;
  ignore_acl: number | null;
  owner_id: number | null;
  owner_username: string | null;
  owner_created_at: number | null;
  target_id: number | null;
  target_username: string | null;
  target_created_at: number | null;
}

interface User {
  id: number;
  username: string;
  createdAt: number;
}

const HEADERS = { "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*" };
const NO_KEY = "No such API Key.";
const DENIED = "You do not have permission to perform this action.";

/** A key of a request, where clients put it: header, query, and for one kind `Authorization`. */
function presented(c: Context<App>, header: string, names: string[], withAuthorization: boolean): string | undefined {
  const [, key] = withAuthorization ? (c.req.header("Authorization") ?? "").split(" ") : [];
  return c.req.header(header) || names.map((name) => c.req.query(name)).find(Boolean) || key || undefined;
}

async function hashOf(key: string | undefined): Promise<string | null> {
  return key && /^[0-9a-f]{40}$/i.test(key) ? hex(await digest(key.toLowerCase())) : null;
}

export async function ownUser(c: Context<App>): Promise<Response> {
  const visit = await authenticate(c, null);
  if (visit instanceof Response) return visit;
  const { owner, row } = visit;
  if (!owner || row.role) return refuse(c, 403, DENIED);
  return c.json(shown(c, owner), 200, HEADERS);
}

export async function resetKey(c: Context<App>): Promise<Response> {
  const id = Number(c.req.param("id"));
  const visit = await authenticate(c, Number.isSafeInteger(id) ? id : null);
  if (visit instanceof Response) return visit;
  const { owner, target, row, userHash } = visit;
  const inPerson = !row.role && owner !== undefined;
  if (!inPerson && !row.ignore_acl && row.role !== "full" && row.role !== "write") return refuse(c, 403, DENIED);
  if (!target || (inPerson && owner.id !== target.id)) return refuse(c, 404, "Not found");
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  bytes[19] = given(bytes[19]) & 0xfe;
  const key = hex(bytes.buffer);
  const now = Date.now();
  const { DB } = c.env;
  const [written] = await DB.batch([
    DB.prepare(RESET).bind(target.id, await hashOf(key), now, inPerson ? userHash : null),
    DB.prepare(AUDIT).bind(now, `instance-key:${row.key_id}`, `instance-user:${target.id}`, c.get("requestId")),
  ]);
  if (written?.results.length === 0) return refuse(c, 403, NO_KEY);
  return c.json(shown(c, target, key), 200, HEADERS);
}

async function authenticate(c: Context<App>, id: number | null) {
  const apiKey = presented(c, "X-API-KEY", ["api_key", "apikey"], true);
  const userKey = presented(c, "X-USER-KEY", ["user_key", "userkey"], false);
  const [keyHash, userHash] = await Promise.all([hashOf(apiKey), hashOf(userKey)]);
  const row = await c.env.DB.prepare(VISIT)
    .bind(given(c.req.param("instance")).toLowerCase(), keyHash, userHash, id)
    .first<VisitRow>();
  if (!row) return refuse(c, 404, "Instance was not found.");
  if ((apiKey && !row.key_id) || (userKey && !row.owner_id)) return refuse(c, 403, NO_KEY);
  if (!apiKey) return refuse(c, 403, DENIED);
  const owner = row.owner_id
    ? { id: row.owner_id, username: given(row.owner_username), createdAt: given(row.owner_created_at) }
    : undefined;
  const target = row.target_id
    ? { id: row.target_id, username: given(row.target_username), createdAt: given(row.target_created_at) }
    : undefined;
  return { row, owner, target, userHash };
}

const refuse = (c: Context<App>, status: 403 | 404, detail: string) => c.json({ detail }, status, HEADERS);

function shown(c: Context<App>, { id, username, createdAt }: User, key?: string) {
  const root = `/v1.1/instances/${given(c.req.param("instance")).toLowerCase()}`;
  const self = `${root}/users/${id}/`;
  const profile = `${root}/classes/user_profile/objects/${id}/`;
  const made = new Date(createdAt).toISOString().replace("Z", "000Z");
  return {
    id,
    username,
    user_key: key,
    groups: [],
    profile: {
      id,
      owner: id,
      revision: 1,
      created_at: made,
      updated_at: made,
      channel: null,
      channel_room: null,
      group: null,
      owner_permissions: "full",
      group_permissions: "none",
      other_permissions: "none",
      links: { self: profile, owner: self },
    },
    links: { self, groups: `${self}groups/`, "reset-key": `${self}reset_key/`, profile },
  };
}
