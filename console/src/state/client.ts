// The typed client of the service. Errors are values: `const result = await settled(api.GET("/health"))`.

import createClient from "openapi-fetch";
import type { paths } from "../api";
import { type Failure, fromAnswer, type Result, withoutAnswer } from "../lib/failure";
import { answered, unanswered } from "./connection";
import { sessionEnded } from "./session";

/** A provisioning may take 30 s. */
const PATIENCE_MS = 45_000;

/** What openapi-fetch's methods return. */
export type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

class NoAnswer extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

async function send(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)]) });
  } catch (error) {
    if (request.signal.aborted) throw error; // the page was left
    unanswered();
    throw new NoAnswer(withoutAnswer(request.method));
  }
  answered();
  methods.set(response, request.method);
  return response;
}

const methods = new WeakMap<Response, string>();

export const api = createClient<paths>({
  baseUrl: location.origin,
  cache: "no-store",
  credentials: "same-origin",
  fetch: send,
});

/** Waits for an answer and makes it a value. Rejects only when its own signal was aborted. */
export async function settled<T>(answer: Answer<T>): Promise<Result<T>> {
  try {
    const { data, error, response } = await answer;
    if (response.ok) return { ok: true, data: data as T, requestId: response.headers.get("x-request-id") };
    const failure = fromAnswer(methods.get(response) ?? "GET", response, error, new Date());
    if (failure.kind === "signed_out") sessionEnded();
    return { ok: false, failure };
  } catch (error) {
    if (error instanceof NoAnswer) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** The same for a page that may be left meanwhile: undefined if it was. */
export async function settledUnless<T>(left: AbortSignal, answer: Answer<T>): Promise<Result<T> | undefined> {
  try {
    const result = await settled(answer);
    return left.aborted ? undefined : result;
  } catch (error) {
    if (left.aborted) return undefined;
    throw error;
  }
}
