// Which page an address shows. A page is written in pages/ and gets its line here.

import type { ComponentChildren } from "preact";
import { lazy } from "./lazy";
import { match, type Parameters } from "./lib/route";

const Overview = lazy(async () => (await import("./pages/overview/Overview")).Overview);
const Help = lazy(async () => (await import("./pages/Help")).Help);

export interface Shown {
  /** Pages with the same key are the same page, on which the focus stays. */
  key: string;
  content: ComponentChildren;
}

/** A parameter `tab` changes a part of the page only. */
function page<Pattern extends string>(pattern: Pattern, show: (parameters: Parameters<Pattern>) => ComponentChildren) {
  return (path: readonly string[]): Shown | undefined => {
    const parameters = match(pattern, path);
    if (!parameters) return undefined;
    const { tab: _, ...identity } = parameters as Record<string, string | undefined>;
    return { key: JSON.stringify([pattern, identity]), content: show(parameters) };
  };
}

const PAGES = [page("", () => <Overview />), page("help", () => <Help />)];

export function pageAt(path: readonly string[]): Shown | undefined {
  for (const shows of PAGES) {
    const shown = shows(path);
    if (shown) return shown;
  }
  return undefined;
}
