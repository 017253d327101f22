// Which page an address shows. A page is written in pages/ and gets its line here.

import type { ComponentChildren } from "preact";
import { match, type Parameters } from "./lib/route";
import { Audit } from "./pages/audit/Audit";
import { Dashboards } from "./pages/Dashboards";
import { Help } from "./pages/Help";
import { Instance } from "./pages/instances/Instance";
import { Instances } from "./pages/instances/Instances";
import { AccountKeys } from "./pages/keys/AccountKeys";
import { ApiKeys } from "./pages/keys/ApiKeys";
import { Notices } from "./pages/notices/Notices";
import { MySessions } from "./pages/operators/MySessions";
import { Operator } from "./pages/operators/Operator";
import { Operators } from "./pages/operators/Operators";
import { Overview } from "./pages/overview/Overview";
import { Run } from "./pages/runs/Run";
import { Runs } from "./pages/runs/Runs";
import { System } from "./pages/system/System";
import { User } from "./pages/user/User";
import { Users } from "./pages/users/Users";

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
  page("runs", () => <Runs />),
  page("runs/:runId", ({ runId }) => <Run runId={runId} />),
  page("notices", () => <Notices />),
  page("audit", () => <Audit />),
  page("api-keys", () => <ApiKeys />),
  page("account-keys", () => <AccountKeys />),
  page("instances", () => <Instances />),
  page("instances/:name/:tab?", ({ name, tab }) => <Instance name={name} tab={tab} />),
  page("dashboards", () => <Dashboards />),
  page("operators", () => <Operators />),
  page("operators/:operatorId", ({ operatorId }) => <Operator operatorId={operatorId} />),
  page("sessions", () => <MySessions />),
  page("system", () => <System />),
  page("help", () => <Help />),
];

export function pageAt(path: readonly string[]): Shown | undefined {
  for (const shows of PAGES) {
    const shown = shows(path);
    if (shown) return shown;
  }
  return undefined;
}
