// Addresses in the fragment: `#/users/ID/history?state=quarantined`. They hold ids, tabs and
// filters, never an e-mail or a phone number.

import { isPersonal } from "./personal";

export interface Address {
  /** The decoded segments of the path. */
  readonly path: readonly string[];
  readonly filters: URLSearchParams;
  /** Filters that were asked for and no address may hold, by name. */
  readonly refused: ReadonlyMap<string, string>;
}

export type Filters = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The names of the parameters of a pattern such as `users/:userId/:tab?`. */
export type ParameterOf<Pattern extends string> = Pattern extends `${infer Head}/${infer Rest}`
  ? ParameterOf<Head> | ParameterOf<Rest>
  : Pattern extends `:${infer Name}`
    ? Name
    : never;

export type Parameters<Pattern extends string> = {
  readonly [Name in ParameterOf<Pattern> as Name extends `${infer Base}?` ? Base : Name]: Name extends `${string}?`
    ? string | undefined
    : string;
};

export function parseHash(hash: string): Address {
  const [path = "", query = ""] = split(hash.replace(/^#?\/?/, ""), "?");
  return addressOf(path.split("/").filter(Boolean).map(decode), Object.fromEntries(new URLSearchParams(query)));
}

/** The address of a page. Filters that are null, undefined, false or empty are left out. */
export function addressOf(path: readonly string[], wanted: Filters): Address {
  const filters = new URLSearchParams();
  const refused = new Map<string, string>();
  for (const [name, value] of Object.entries(wanted)) {
    if (value === null || value === undefined || value === "" || value === false) continue;
    const text = String(value);
    // A team's id is a number, however long.
    (name !== "teamId" && isPersonal(text) ? refused : filters).set(name, text);
  }
  return { path, filters, refused };
}

/** The address as a link. */
export function href(path: readonly string[], filters: Filters = {}): string {
  const text = addressOf(path, filters).filters.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** The parameters, if the path is one of the pattern's. A segment that ends in `?` may be absent. */
export function match<Pattern extends string>(pattern: Pattern, path: readonly string[]): Parameters<Pattern> | undefined {
  const parts = pattern.split("/").filter(Boolean);
  if (path.length > parts.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = path[index];
    if (value === undefined) {
      if (!part.endsWith("?")) return undefined;
    } else if (part.startsWith(":")) {
      found[part.slice(1).replace(/\?$/, "")] = value;
    } else if (part !== value) {
      return undefined;
    }
  }
  return found as Parameters<Pattern>;
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** A segment that is not valid percent-encoding stands for itself. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
