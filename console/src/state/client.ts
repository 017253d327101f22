// The typed client of the service. A call is a value, to be sent or to be shown as a shell command, and so are
// its errors: `const result = await settled(api.GET("/health"))`.

import type { FetchOptions, FetchResponse } from "openapi-fetch";
import type { paths } from "../api";
import { type ShellRequest, target } from "../lib/curl";
import { type Failure, fromAnswer, type Result, withoutAnswer } from "../lib/failure";
import { answered, unanswered } from "./connection";
import { sessionEnded } from "./session";

/** A provisioning may take 30 s. */
const PATIENCE_MS = 45_000;

/** What is asked of the service, and how its answer is read. */
export interface Call<T> extends ShellRequest {
  read(response: Response): Promise<T>;
  /** Errors that are an answer all the same. */
  isAnswer?(body: unknown): boolean;
}

type Method = "get" | "post" | "put" | "delete";
type With<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, unknown> ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends keyof paths[P]> =
  paths[P][M] extends Record<string | number, unknown> ? paths[P][M] : never;
type Data<O extends Record<string | number, unknown>> = NonNullable<FetchResponse<O, unknown, `${string}/${string}`>["data"]>;
/** The second argument may be left out where nothing of it is required. */
type Init<O> = Record<never, never> extends FetchOptions<O> ? [init?: FetchOptions<O>] : [init: FetchOptions<O>];

interface Parts {
  params?: { path?: Readonly<Record<string, unknown>>; query?: ShellRequest["query"] };
  body?: unknown;
}

/** Typed by openapi.json: its paths, their parameters and bodies, and what they answer. */
function by<M extends Method>(method: M) {
  return <P extends With<M>>(path: P, ...init: Init<Operation<P, M>>): Call<Data<Operation<P, M>>> => {
    const { params: { path: names = {}, query } = {}, body } = (init[0] ?? {}) as Parts;
    return {
      method: method.toUpperCase() as Uppercase<M>,
      path: path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name]))),
      query,
      body,
      read: json,
    };
  };
}

export const api = { GET: by("get"), POST: by("post"), PUT: by("put"), DELETE: by("delete") };

/** undefined for an answer without a body. */
async function json<T>(response: Response): Promise<T> {
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Sends the call and makes of its answer a value. Rejects only when `left` was aborted. */
export async function settled<T>(call: Call<T>, left?: AbortSignal): Promise<Result<T>> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(target(call), {
      method: call.method,
      cache: "no-store",
      credentials: "same-origin",
      signal: left ? AbortSignal.any([left, patience]) : patience,
      ...(call.body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(call.body),
      }),
    });
    answer = await (response.ok ? call.read(response) : json(response).catch(() => null));
  } catch (error) {
    if (left?.aborted) throw error;
    unanswered();
    return { ok: false, failure: withoutAnswer(call.method) };
  }
  answered();
  if (response.ok || call.isAnswer?.(answer)) {
    return { ok: true, data: answer as T, requestId: response.headers.get("x-request-id") };
  }
  const failure: Failure = fromAnswer(call.method, response, answer, new Date());
  if (failure.kind === "signed_out") sessionEnded();
  return { ok: false, failure };
}

/** The same for a page that may be left meanwhile: undefined if it was. */
export async function settledUnless<T>(left: AbortSignal, call: Call<T>): Promise<Result<T> | undefined> {
  try {
    const result = await settled(call, left);
    return left.aborted ? undefined : result;
  } catch (error) {
    if (left.aborted) return undefined;
    throw error;
  }
}
