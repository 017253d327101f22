// Requests as shell commands, for the `admin` function and `$BASE` of docs/API.md. They never hold
// a key or a cookie: the function adds the caller's own credentials.

export interface ShellRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its parameters filled in and percent-encoded. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | null | undefined>> | undefined;
  body?: unknown;
}

/** One word for a POSIX shell: nothing is special between single quotes but the quote itself. */
export function shellQuote(text: string): string {
  // A shell drops NUL, which no path and no JSON holds either.
  return `'${text.replaceAll("\0", "").replaceAll("'", `'\\''`)}'`;
}

/** The path with the query's parameters that are given. */
export function target({ path, query = {} }: Pick<ShellRequest, "path" | "query">): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size > 0 ? `${path}?${parameters}` : path;
}

export function asCurl(request: ShellRequest): string {
  const { method, body } = request;
  const words = ["admin"];
  const implied = body === undefined ? "GET" : "POST";
  if (method !== implied) words.push("-X", method);
  words.push(`"$BASE"${shellQuote(target(request))}`);
  if (body !== undefined)
    words.push("-H", shellQuote("content-type: application/json"), "--data-binary", shellQuote(asciiJson(body)));
  return words.join(" ");
}

/** JSON whose text is ASCII, so that no terminal's encoding can change it. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
