// What can go wrong with a request, as a value.

export type FailureKind =
  /** The service answered with an error. */
  | "refused"
  /** 429, or 503 with a time to wait. */
  | "wait"
  /** No session, or not any more. */
  | "signed_out"
  /** The act takes a recent sign-in. */
  | "step_up"
  /** No answer to a request that changes nothing. */
  | "unreachable"
  /** No answer to a request that may have changed something. */
  | "unknown_outcome";

export interface Failure {
  kind: FailureKind;
  /** 0 where there was no answer. */
  status: number;
  message: string;
  requestId: string | null;
  /** Before this, another try makes no sense. */
  retryAt: Date | null;
}

export type Result<T> = { ok: true; data: T; requestId: string | null } | { ok: false; failure: Failure };

const SAFE = new Set(["GET", "HEAD"]);

/** No answer: what that means depends on whether the request could change something. */
export function withoutAnswer(method: string): Failure {
  const safe = SAFE.has(method.toUpperCase());
  return {
    kind: safe ? "unreachable" : "unknown_outcome",
    status: 0,
    message: safe ? "The service could not be reached." : "It is not known whether this took effect.",
    requestId: null,
    retryAt: null,
  };
}

/** An answer that is an error. `body` is what was read of it, whatever its shape. */
export function fromAnswer(method: string, response: Response, body: unknown, now: Date): Failure {
  const { status, headers } = response;
  // Written by something between us and the service, which may have acted all the same.
  if (status >= 500 && textOf(body, "requestId") === null && !SAFE.has(method.toUpperCase())) return withoutAnswer(method);
  const retryAt = retryTime(headers.get("retry-after"), now);
  const stepUp = status === 401 && (headers.get("www-authenticate") ?? "").includes("insufficient_user_authentication");
  const kind = stepUp ? "step_up" : status === 401 ? "signed_out" : retryAt ? "wait" : "refused";
  return {
    kind,
    status,
    message: textOf(body, "message") ?? `The service answered with status ${status}.`,
    requestId: textOf(body, "requestId") ?? headers.get("x-request-id"),
    retryAt,
  };
}

/** Seconds or an HTTP date; anything else is no information. */
export function retryTime(header: string | null, now: Date): Date | null {
  if (header === null || header.trim() === "") return null;
  if (/^\d{1,9}$/.test(header.trim())) return new Date(now.getTime() + Number(header) * 1000);
  const date = new Date(header);
  return Number.isNaN(date.getTime()) ? null : date;
}

function textOf(body: unknown, name: string): string | null {
  if (typeof body !== "object" || body === null || !(name in body)) return null;
  const value = (body as Record<string, unknown>)[name];
  return typeof value === "string" && value !== "" ? value : null;
}
