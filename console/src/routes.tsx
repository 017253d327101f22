// Which page an address shows. A page is written in pages/ and gets its line here.

import type { ComponentChildren } from "preact";
import { match, type Parameters } from "./lib/route";
import { Help } from "./pages/Help";
import { Overview } from "./pages/overview/Overview";
import { User } from "./pages/user/User";
import { Users } from "./pages/users/Users";
import { Place } from "./place";

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

const PAGES = [
  page("", () => <Overview />),
  page("users", () => <Users />),
  page("users/:userId/:tab?", ({ userId, tab }) => <User userId={userId} tab={tab} />),
  page("runs", () => <Place page="Runs" />),
  page("runs/:runId", ({ runId }) => <Place page="Run" runId={runId} />),
  page("notices", () => <Place page="Notices" />),
  page("audit", () => <Place page="Audit" />),
  page("api-keys", () => <Place page="ApiKeys" />),
  page("account-keys", () => <Place page="AccountKeys" />),
  page("instances", () => <Place page="Instances" />),
  page("instances/:name/:tab?", ({ name, tab }) => <Place page="Instance" name={name} tab={tab} />),
  page("dashboards", () => <Place page="Dashboards" />),
  page("operators", () => <Place page="Operators" />),
  page("operators/:operatorId", ({ operatorId }) => <Place page="Operator" operatorId={operatorId} />),
  page("sessions", () => <Place page="MySessions" />),
  page("system", () => <Place page="System" />),
  page("help", () => <Help />),
];

export function pageAt(path: readonly string[]): Shown | undefined {
  for (const shows of PAGES) {
    const shown = shows(path);
    if (shown) return shown;
  }
  return undefined;
}
