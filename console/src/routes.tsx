// Which page an address shows. A page is written in pages/ and gets its line here.

import type { ComponentChildren } from "preact";
import { lazy } from "./lazy";
import { match, type Parameters } from "./lib/route";

const Audit = lazy(async () => (await import("./pages/audit/Audit")).Audit);
const Dashboards = lazy(async () => (await import("./pages/Dashboards")).Dashboards);
const Help = lazy(async () => (await import("./pages/Help")).Help);
const Instance = lazy(async () => (await import("./pages/instances/Instance")).Instance);
const Instances = lazy(async () => (await import("./pages/instances/Instances")).Instances);
const AccountKeys = lazy(async () => (await import("./pages/keys/AccountKeys")).AccountKeys);
const ApiKeys = lazy(async () => (await import("./pages/keys/ApiKeys")).ApiKeys);
const Notices = lazy(async () => (await import("./pages/notices/Notices")).Notices);
const MySessions = lazy(async () => (await import("./pages/operators/MySessions")).MySessions);
const Operator = lazy(async () => (await import("./pages/operators/Operator")).Operator);
const Operators = lazy(async () => (await import("./pages/operators/Operators")).Operators);
const Overview = lazy(async () => (await import("./pages/overview/Overview")).Overview);
const Run = lazy(async () => (await import("./pages/runs/Run")).Run);
const Runs = lazy(async () => (await import("./pages/runs/Runs")).Runs);
const System = lazy(async () => (await import("./pages/system/System")).System);
const User = lazy(async () => (await import("./pages/user/User")).User);
const Users = lazy(async () => (await import("./pages/users/Users")).Users);

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
