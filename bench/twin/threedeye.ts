// 3dEye over fetch: a bearer token kept by the isolate, the list page by page, and creates.

import type { Bindings } from "./env";

const PAGE_SIZE = 500;
const TIMEOUT_MS = 10_000;
const EARLY_MS = 60_000;

export interface RemoteUser {
  id: string;
  email: string;
  roles: { id: string }[];
}

export class UpstreamError extends Error {
  constructor(readonly status: number) {
    super(`3dEye answered ${status}`);
  }
}

let token: { value: string; usableUntil: number } | undefined;

async function fetchToken(env: Bindings): Promise<string> {
  const response = await fetch(`${env.THREEDEYE_BASE_URL}/auth/token`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "x-api-key": env.THREEDEYE_API_KEY },
    body: JSON.stringify({ username: env.THREEDEYE_USERNAME, password: env.THREEDEYE_PASSWORD }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw await failure(response);
  const { accessToken, expiresIn = 600 } = await response.json<{ accessToken: string; expiresIn?: number }>();
  token = { value: accessToken, usableUntil: Date.now() + expiresIn * 1000 - EARLY_MS };
  return accessToken;
}

async function call<T>(env: Bindings, path: string, init: { method: string; body?: string }): Promise<T> {
  const known = token && Date.now() < token.usableUntil ? token.value : undefined;
  let response = await send(env, path, init, known ?? (await fetchToken(env)));
  if (response.status === 401) {
    await response.body?.cancel();
    response = await send(env, path, init, await fetchToken(env));
  }
  if (!response.ok) throw await failure(response);
  return response.json<T>();
}

const send = (env: Bindings, path: string, init: { method: string; body?: string }, bearer: string) =>
  fetch(env.THREEDEYE_BASE_URL + path, {
    ...init,
    headers: {
      Accept: "application/json",
      Authorization: `Bearer ${bearer}`,
      "x-api-key": env.THREEDEYE_API_KEY,
      ...(init.body !== undefined && { "Content-Type": "application/json" }),
    },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });

/** A body that is not read would keep its connection. */
async function failure(response: Response): Promise<UpstreamError> {
  await response.body?.cancel();
  return new UpstreamError(response.status);
}

/** Every user of our customer. */
export async function listUsers(env: Bindings): Promise<RemoteUser[]> {
  const users: RemoteUser[] = [];
  for (let page = 1; ; page += 1) {
    const query = new URLSearchParams({ customerId: env.THREEDEYE_CUSTOMER_ID, page: String(page), pageSize: String(PAGE_SIZE) });
    const { data, total } = await call<{ data: RemoteUser[]; total?: number }>(env, `/users?${query}`, { method: "GET" });
    users.push(...data);
    if (data.length < PAGE_SIZE || users.length === total) return users;
  }
}

/** Makes an account. @returns its id */
export async function createUser(env: Bindings, email: string, password: string): Promise<string> {
  const user = {
    email,
    password,
    firstName: email.split("@")[0],
    lastName: "SmartphoneKey",
    customerId: env.THREEDEYE_CUSTOMER_ID,
    roleIds: [],
  };
  const created = await call<{ id?: string; data?: { id: string } }>(env, "/users", {
    method: "POST",
    body: JSON.stringify(user),
  });
  return String(created.data?.id ?? created.id);
}
