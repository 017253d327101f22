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

const BY_KIND: Readonly<Partial<Record<FailureKind, string>>> = {
  wait: "Wait for the time given, then try again.",
  unreachable: "Check your connection. Nothing was changed.",
  unknown_outcome: "Look at the present state before sending it again.",
  step_up: "This takes a recent sign-in. Sign in again, then repeat it.",
  signed_out: "Sign in again.",
};

/** What to do next that is true of every such failure; null where the service's own words have to do, as for every conflict. */
export function adviceOn({ kind, status, message }: Failure): string | null {
  const known = BY_KIND[kind];
  if (known) return known;
  // Other refusals of the status 403 have nothing to do with the role.
  if (status === 403) return message.startsWith("This takes the role") ? "An admin can change your role under Operators." : null;
  if (status === 409) return null;
  if (status === 404) return "It may be gone. Check the id.";
  if (status >= 400 && status < 500) return "Correct what you entered.";
  return "Try again. If it goes on, tell the service’s engineers the request id.";
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
