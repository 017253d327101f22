// Shapes of answers that openapi.json does not hold yet, from the contract. Each is replaced by the
// generated type when its endpoint is there.

import type { components, paths } from "./api";

type Schemas = components["schemas"];
export type Moment = Schemas["Moment"];
export type Health = Schemas["Health"];
export type BackfillRun = Schemas["BackfillRun"];
export type ApiKey = Schemas["ApiKey"];

export type Role = "viewer" | "support" | "admin";

export interface ConsoleSession {
  operator: { id: string; email: string; role: Role };
  authenticatedAt: Moment;
  endsAt: Moment;
  idleEndsAt: Moment;
  version: string;
}

export type State = "none" | "waiting" | NonNullable<Schemas["Diagnostics"]["mapping"]["state"]>;

export type Reason =
  | "not_configured"
  | "unauthorized"
  | "email_taken"
  | "not_found"
  | "rate_limited"
  | "unavailable"
  | "answer_lost"
  | "rejected"
  | "empty_list"
  | "unreadable_answer"
  | "orphan"
  | "duplicate"
  | "other_spelling"
  | "protected"
  | "take_over_unproved"
  | "foreign_mapping"
  | "unproved"
  | "made_for_another_email"
  | "not_visible_yet"
  | "still_taken"
  | "settling"
  | "list_incomplete"
  | "roles_pending"
  | "unsealable"
  | "leaving"
  | "out_of_time";

export type NextAct = "none" | "wait" | "create" | "attach_roles" | "needs_support" | "needs_data";

export interface UserRow {
  userId: string;
  email: string | null;
  phoneNumber: string | null;
  createdAt: Moment | null;
  state: State | null;
  attempts: number;
  reason: Reason | null;
  lastError: string | null;
  nextAttemptAt: Moment | null;
  twoFactor: boolean;
}

export interface AuditEntry {
  id: number;
  at: Moment;
  actor: { kind: string; id: string | null; name: string | null };
  action: string;
  subject: string;
  outcome: string | null;
  reason: string | null;
  requestId: string | null;
  address: string | null;
}

interface Lock {
  failures: number;
  lockedUntil: Moment | null;
}

export interface UserDetail {
  userId: string;
  found: boolean;
  email: string | null;
  phoneNumber: string | null;
  createdAt: Moment | null;
  authSubject: string | null;
  teamId: string | number | null;
  pendingEmail: string | null;
  pendingEmailUntil: Moment | null;
  provisioning: {
    state: State;
    threedeyeUserId: string | null;
    hasPassword: boolean;
    attempts: number;
    reason: Reason | null;
    lastError: string | null;
    nextAttemptAt: Moment | null;
    dueAt: Moment | null;
    leaseUntil: Moment | null;
    runId: string | null;
    savedRoles: string[];
    createdAt: Moment | null;
    updatedAt: Moment | null;
    next: { act: NextAct; at: Moment | null; otherUserId: string | null };
  };
  twoFactor: {
    enabled: boolean;
    enabledAt: Moment | null;
    setUpUntil: Moment | null;
    backupCodesRemaining: number;
    totp: Lock;
    backupCode: Lock;
  };
  pushTokens: { id: string; platform: string; createdAt: Moment; lastSeenAt: Moment }[];
  instanceUsers: { id: number; instance: string; username: string; keyChangedAt: Moment | null }[];
  apiKeys: ApiKey[];
  notices: { waiting: number; failing: number };
  history: AuditEntry[];
}

export interface ResetPlan {
  userId: string;
  plan: string;
  clear: { mapping: boolean; savedRoleIds: string[] };
  remote: { deletes: { threedeyeUserId: string; roleIds: string[]; why: string }[]; notVisible: boolean; complete: boolean };
  reprovision: boolean;
  loses: { roleIds: string[] };
  warnings: string[];
  needs: { role: Role; stepUp: boolean; typed: string | null };
}

export interface Provisioned {
  userId: string;
  state: State | null;
  threedeyeUserId: string | null;
  reason: Reason | null;
  steps: { name: string; outcome: string; detail: string | null }[];
}

export interface Count {
  count: number;
  /** There are more than were counted. */
  more: boolean;
}

export interface Overview {
  waiting: Count;
  due: Count;
  failing: Count;
  attaching: Count;
  quarantined: Count;
  setAside: Count;
  noticesWaiting: Count;
  noticesFailing: Count;
  lockedOut: Count;
  oldestDueAt: Moment | null;
  run: BackfillRun | null;
  paused: boolean;
  at: Moment;
}

export interface Stats {
  buckets: {
    start: Moment;
    created: number;
    adopted: number;
    replaced: number;
    rolesAttached: number;
    failed: number;
    quarantined: number;
    setAside: number;
  }[];
  reasons: { reason: Reason; count: number }[];
  timeToProvision: { atMostSeconds: number | null; count: number }[];
  depth: { at: Moment; waiting: number; due: number; oldestDueAt: Moment | null }[];
}

export type NoticeType = string;

export interface Notice {
  id: string;
  type: NoticeType;
  userId: string;
  recipient: string | null;
  attempts: number;
  lastCause: string | null;
  createdAt: Moment;
  dueAt: Moment;
  expiresAt: Moment | null;
}

export interface Operator {
  id: string;
  email: string;
  role: Role;
  createdAt: Moment;
  createdBy: string;
  lastSeenAt: Moment | null;
  disabledAt: Moment | null;
  sessions: number;
}

export interface OperatorSession {
  id: string;
  createdAt: Moment;
  authenticatedAt: Moment;
  lastSeenAt: Moment;
  endsAt: Moment;
  idleEndsAt: Moment;
  address: string | null;
  agent: string | null;
  current: boolean;
}

export interface System {
  version: string;
  schema: { built: number; applied: number | null };
  bindings: { name: string; present: boolean }[];
  settings: { name: string; set: boolean; value: string | null }[];
  paused: boolean;
  now: Moment;
}

export interface Pause {
  paused: boolean;
  since: Moment | null;
  by: string | null;
  reason: string | null;
}

type Operation<Answer, Query = never, Path = never, Body = never> = {
  parameters: {
    query?: Query;
    header?: never;
    cookie?: never;
  } & ([Path] extends [never] ? { path?: never } : { path: Path });
  responses: { 200: { headers: Record<string, unknown>; content: { "application/json": Answer } } };
} & ([Body] extends [never] ? { requestBody?: never } : { requestBody: { content: { "application/json": Body } } });

type Item<Methods> = { parameters: { query?: never; header?: never; path?: never; cookie?: never } } & Methods;

type Paged = { limit?: number; after?: string };
type User = { userId: string };
type Because = { reason: string };

export interface PlannedPaths {
  "/admin/users/search": Item<{
    post: Operation<
      { matchedBy: string | null; users: UserRow[]; next: string | null },
      never,
      never,
      { query: string; by?: string; limit?: number; after?: string }
    >;
  }>;
  "/admin/users": Item<{
    get: Operation<{ users: UserRow[]; next: string | null }, Paged & { state?: string; reason?: string }>;
  }>;
  "/admin/users/{userId}/reveal": Item<{
    post: Operation<
      { email: string | null; phoneNumber: string | null },
      never,
      User,
      { fields: ("email" | "phone")[]; reason: string }
    >;
  }>;
  "/admin/threedeye/users/{userId}/provision": Item<{ post: Operation<Provisioned, never, User> }>;
  "/admin/users/{userId}/two-factor/disable": Item<{
    post: Operation<{ disabled: boolean }, never, User, { reason: string; verifiedBy: string }>;
  }>;
  "/admin/users/{userId}/push-tokens/{id}": Item<{ delete: Operation<undefined, never, User & { id: string }> }>;
  "/admin/overview": Item<{ get: Operation<Overview> }>;
  "/admin/stats": Item<{ get: Operation<Stats, { from?: string; to?: string; bucket?: "hour" | "day" }> }>;
  "/admin/audit": Item<{
    get: Operation<
      { entries: AuditEntry[]; next: string | null; scannedTo: Moment | null },
      {
        subject?: string;
        actor?: string;
        action?: string;
        requestId?: string;
        from?: string;
        to?: string;
        people?: boolean;
        before?: string;
        limit?: number;
      }
    >;
  }>;
  "/admin/threedeye/backfill/runs": Item<{
    get: Operation<{ next: string | null }, { before?: string; trigger?: string; status?: string }>;
  }>;
  "/admin/api-keys": Item<{
    get: Operation<{ apiKeys: (ApiKey & { revokedAt: Moment | null })[] }, { userId?: string; revoked?: boolean }>;
  }>;
  "/admin/account-keys": Item<{
    get: Operation<{ accountKeys: (Schemas["AccountKey"] & { revokedAt: Moment | null })[] }, { revoked?: boolean }>;
  }>;
  "/admin/dashboards": Item<{
    post: paths["/admin/dashboards"]["post"];
    get: Operation<{ dashboards: Schemas["Dashboard"][]; next: string | null }, Paged & { teamId?: number }>;
  }>;
  "/admin/threedeye/backfill/runs/{runId}/stop": Item<{
    post: Operation<Schemas["BackfillProgress"], never, { runId: string }, Because>;
  }>;
  "/admin/audit/export": Item<{
    get: Operation<
      string,
      {
        subject?: string;
        actor?: string;
        action?: string;
        requestId?: string;
        from?: string;
        to?: string;
        people?: boolean;
        before?: string | undefined;
        format?: "csv" | "ndjson";
      }
    >;
  }>;
  "/admin/threedeye/pause": Item<{ put: Operation<Pause, never, never, { paused: boolean; reason: string }> }>;
  "/admin/notices": Item<{
    get: Operation<
      { notices: Notice[]; next: string | null },
      Paged & { state?: "waiting" | "failing"; type?: string; userId?: string }
    >;
  }>;
  "/admin/notices/deliver": Item<{ post: Operation<{ due: number }, never, never, { state: "waiting" | "failing" }> }>;
  "/admin/notices/{noticeId}/deliver": Item<{ post: Operation<unknown, never, { noticeId: string }> }>;
  "/admin/notices/{noticeId}": Item<{ delete: Operation<undefined, never, { noticeId: string }> }>;
  "/admin/instances/{name}/users/{id}/reset-key": Item<{
    post: Operation<{ id: number; userKey: string }, never, { name: string; id: number }, Because>;
  }>;
  "/admin/operators": Item<{
    get: Operation<{ operators: Operator[]; next: string | null }, Paged>;
    post: Operation<Operator, never, never, { email: string; role: Role }>;
  }>;
  "/admin/operators/{operatorId}": Item<{
    put: Operation<Operator, never, { operatorId: string }, { role: Role }>;
    delete: Operation<undefined, never, { operatorId: string }>;
  }>;
  "/admin/operators/{operatorId}/sessions": Item<{
    get: Operation<{ sessions: OperatorSession[] }, never, { operatorId: string }>;
    delete: Operation<undefined, never, { operatorId: string }>;
  }>;
  "/console/sessions": Item<{ get: Operation<{ sessions: OperatorSession[] }> }>;
  "/console/sessions/end": Item<{ post: Operation<undefined> }>;
  "/admin/system": Item<{ get: Operation<System> }>;
}
