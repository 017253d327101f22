// The routes.

import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { showStatus, verifyCode } from "./account";
import { admin, authenticateUserCaller, authorize } from "./auth";
import { backfill, createAccount } from "./backfill";
import { findUser, findUserAndKey, saveAccounts } from "./database";
import { diagnose } from "./diagnosis";
import type { App } from "./env";
import { ownUser, resetKey } from "./instances";
import { Sealer } from "./sealing";
import { UpstreamError } from "./threedeye";

const REASONS: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

const app = new Hono<App>();
let sealer: Sealer | undefined;

app.use(requestId({ headerName: "", generator: () => `req_${crypto.randomUUID()}` }));
app.use(async (c, next) => {
  await next();
  c.header("X-Request-Id", c.get("requestId"));
});

app.get("/admin/threedeye/users/:userId", admin, async (c) => {
  return c.json(await diagnose(c.env, userIdOf(c)), 200, { "Cache-Control": "no-store" });
});

app.post("/admin/backfill-threedeye", admin, async (c) => {
  const limit = Number(c.req.query("limit") ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 500) {
    throw new HTTPException(400, { message: "limit: must be an integer from 1 to 500" });
  }
  return c.json(await backfill(c.env, await sealerOf(c), limit));
});

app.get("/users/:userId/3deye-credentials", async (c) => {
  const caller = await authenticateUserCaller(c);
  const userId = userIdOf(c);
  const [row, key] =
    caller.kind === "key" ? await findUserAndKey(c.env.DB, userId, caller.hash) : [await findUser(c.env.DB, userId), undefined];
  authorize(caller, userId, row.auth_subject, key);
  const email = row.email?.trim().toLowerCase();
  if (!email) throw new HTTPException(404, { message: "User not found" });
  const sealer = await sealerOf(c);
  let { threedeye_id: threedeyeId, password_sealed: sealed } = row;
  if (!threedeyeId || !sealed) {
    const account = await createAccount(c.env, sealer, userId, email);
    await saveAccounts(c.env.DB, [account]);
    ({ threedeyeId, sealed } = account);
  }
  const password = await sealer.open("3deye-password", userId, sealed);
  return c.json({ userId, email, threeDeyeUserId: threedeyeId, password }, 200, { "Cache-Control": "no-store" });
});

app.get("/api/users/:uuid/two_factor_status", showStatus);
app.post("/api/users/:uuid/two_factor_verify", async (c) => verifyCode(c, await sealerOf(c)));

app.get("/v1.1/instances/:instance/user/", ownUser);
app.post("/v1.1/instances/:instance/users/:id/reset_key/", resetKey);

app.notFound((c) => errorAnswer(c, 404, "The requested resource was not found"));

app.onError((error, c) => {
  if (error instanceof HTTPException) {
    if (error.status === 401) c.header("WWW-Authenticate", "Bearer");
    return errorAnswer(c, error.status as ContentfulStatusCode, error.message);
  }
  console.error(JSON.stringify({ event: "http.error", message: error.message }));
  if (error instanceof UpstreamError) return errorAnswer(c, 502, error.message);
  return errorAnswer(c, 500, "An unexpected error occurred on the server");
});

function userIdOf(c: Context<App>): string {
  const userId = c.req.param("userId") ?? "";
  if (userId.length > 128) throw new HTTPException(400, { message: "userId: must be at most 128 characters" });
  return userId;
}

async function sealerOf(c: Context<App>): Promise<Sealer> {
  sealer ??= await Sealer.create(c.env.CREDENTIALS_KEY);
  return sealer;
}

function errorAnswer(c: Context<App>, status: ContentfulStatusCode, message: string): Response {
  const requestId = c.get("requestId");
  return c.json({ success: false, error: REASONS[status] ?? "Error", message, code: status, requestId }, status);
}

export default app;
