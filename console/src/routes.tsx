// Which page an address shows. A page is written in pages/ and gets its line here.

import type { ComponentChildren } from "preact";
import { lazy } from "./lazy";
import { match, type Parameters } from "./lib/route";

const home = () => import("./pages/home");
const people = () => import("./pages/people");
const work = () => import("./pages/work");
const place = () => import("./pages/place");

const Help = lazy(async () => (await home()).Help);
const Overview = lazy(async () => (await home()).Overview);
const User = lazy(async () => (await people()).User);
const Users = lazy(async () => (await people()).Users);
const Audit = lazy(async () => (await work()).Audit);
const Notices = lazy(async () => (await work()).Notices);
const Run = lazy(async () => (await work()).Run);
const Runs = lazy(async () => (await work()).Runs);
const Dashboards = lazy(async () => (await place()).Dashboards);
const Instance = lazy(async () => (await place()).Instance);
const Instances = lazy(async () => (await place()).Instances);
const AccountKeys = lazy(async () => (await place()).AccountKeys);
const ApiKeys = lazy(async () => (await place()).ApiKeys);
const MySessions = lazy(async () => (await place()).MySessions);
const Operator = lazy(async () => (await place()).Operator);
const Operators = lazy(async () => (await place()).Operators);
const System = lazy(async () => (await place()).System);

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
