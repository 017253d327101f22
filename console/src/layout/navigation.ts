import type { Role } from "../contract";

export interface Destination {
  title: string;
  path: readonly string[];
  /** Who is shown it; the service decides who may. */
  least: Role;
}

export const NAVIGATION: readonly { title: string; pages: readonly Destination[] }[] = [
  {
    title: "Work",
    pages: [
      { title: "Overview", path: [], least: "viewer" },
      { title: "Users", path: ["users"], least: "viewer" },
      { title: "Runs", path: ["runs"], least: "viewer" },
      { title: "Notices", path: ["notices"], least: "viewer" },
      { title: "Audit", path: ["audit"], least: "viewer" },
    ],
  },
  {
    title: "Access",
    pages: [
      { title: "API keys", path: ["api-keys"], least: "viewer" },
      { title: "Account keys", path: ["account-keys"], least: "viewer" },
      { title: "Instances", path: ["instances"], least: "viewer" },
      { title: "Dashboards", path: ["dashboards"], least: "viewer" },
    ],
  },
  {
    title: "Service",
    pages: [
      { title: "Operators", path: ["operators"], least: "admin" },
      { title: "System", path: ["system"], least: "viewer" },
      { title: "Help", path: ["help"], least: "viewer" },
    ],
  },
];
