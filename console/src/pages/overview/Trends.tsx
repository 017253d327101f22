// How it went lately: four charts of one answer.

import { BarChart } from "../../charts/BarChart";
import { LineChart } from "../../charts/LineChart";
import { Ranking } from "../../charts/Ranking";
import type { Stats } from "../../contract";
import { ofReason } from "../../guidance";
import { showMany } from "../../lib/number";
import { showLength } from "../../lib/time";
import { Select } from "../../parts/fields";
import { Panel } from "../../parts/Panel";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { address, href, setFilters } from "../../state/router";

const EVERY_MS = 300_000;
const DAY_MS = 86_400_000;

const RANGES = [
  ["1", "24 hours"],
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
] as const;

export function Trends() {
  const asked = address.value.filters.get("days");
  const days = RANGES.find(([value]) => value === asked)?.[0] ?? "30";
  const hourly = days === "1";
  const stats = useResource(
    `stats ${days}`,
    () => {
      const to = new Date();
      const from = new Date(to.getTime() - Number(days) * DAY_MS);
      const query = { from: from.toISOString(), to: to.toISOString(), bucket: hourly ? ("hour" as const) : ("day" as const) };
      return api.GET("/admin/stats", { params: { query } });
    },
    { every: EVERY_MS },
  );
  const choose = (
    <Select
      label="Range"
      value={days}
      options={RANGES}
      onChange={(value) => setFilters({ days: value === "30" ? null : value })}
    />
  );
  return (
    <Panel title="Trends" resource={stats} lines={24} actions={choose}>
      {(data) => (
        <div class="columns">
          <Provisioned stats={data} hourly={hourly} />
          <Reasons stats={data} />
          <Depth stats={data} />
          <OldestAge stats={data} />
          <TimeToProvision stats={data} />
        </div>
      )}
    </Panel>
  );
}

function Provisioned({ stats: { buckets }, hourly }: { stats: Stats; hourly: boolean }) {
  const points = buckets.map((bucket) => ({
    label: bucketLabel(bucket.start, hourly),
    // Those quarantined and set aside are among the failed.
    values: [bucket.created + bucket.adopted + bucket.replaced, bucket.failed],
  }));
  const provisioned = points.reduce((sum, { values }) => sum + (values[0] ?? 0), 0);
  const failed = points.reduce((sum, { values }) => sum + (values[1] ?? 0), 0);
  const worst = points.reduce<(typeof points)[number] | undefined>(
    (most, point) => ((point.values[1] ?? 0) > (most?.values[1] ?? 0) ? point : most),
    undefined,
  );
  const finding = `${count(provisioned)} provisioned, ${showMany(failed, "failed attempt", "failed attempts")}${worst ? `, most on ${worst.label}` : ""}.`;
  return (
    <BarChart
      title={`Provisioned and failed ${hourly ? "an hour" : "a day"}`}
      finding={finding}
      unit={hourly ? "Hour (UTC)" : "Day (UTC)"}
      series={[
        { name: "Provisioned", tone: "one" },
        { name: "Failed", tone: "bad" },
      ]}
      points={points}
    />
  );
}

function Reasons({ stats: { reasons } }: { stats: Stats }) {
  const entries = [...reasons]
    .sort((a, b) => b.count - a.count)
    .slice(0, 8)
    .map(({ reason, count: number }) => ({
      label: words(reason),
      count: number,
      link: (
        <a href={href(["users"], { state: "failing", reason })} title={ofReason(reason)?.means}>
          {words(reason)}
        </a>
      ),
    }));
  const [first] = entries;
  const finding = first ? `Most often: ${first.label}, ${showMany(first.count, "time", "times")}.` : "No attempt failed.";
  return <Ranking title="Reasons of failures" finding={finding} unit="Reason" tone="bad" entries={entries} />;
}

function Depth({ stats: { depth } }: { stats: Stats }) {
  const last = depth.at(-1);
  const most = Math.max(0, ...depth.map(({ waiting }) => waiting));
  const finding = last
    ? `${count(last.waiting)} wait now, ${count(last.due)} of them due; ${count(most)} at most.`
    : NOT_MEASURED;
  return (
    <LineChart
      title="Users in the queue"
      finding={finding}
      series={[
        { name: "Waiting", tone: "one" },
        { name: "Due", tone: "warn" },
      ]}
      points={depth.map(({ at, waiting, due }) => ({ ...sampleLabels(at), values: [waiting, due] }))}
    />
  );
}

function OldestAge({ stats: { depth } }: { stats: Stats }) {
  const points = depth.map(({ at, oldestDueAt }) => ({
    ...sampleLabels(at),
    values: [oldestDueAt === null ? 0 : Math.max(0, (Date.parse(at) - Date.parse(oldestDueAt)) / 60_000)],
  }));
  const most = Math.max(0, ...points.map(({ values }) => values[0] ?? 0));
  const finding = depth.length > 0 ? `The longest that a due user has waited: ${showLength(most * 60)}.` : NOT_MEASURED;
  return (
    <LineChart
      title="Age of the oldest due user, in minutes"
      finding={finding}
      series={[{ name: "Age", tone: "one" }]}
      points={points}
      format={(minutes) => showLength(minutes * 60)}
    />
  );
}

function TimeToProvision({ stats: { timeToProvision } }: { stats: Stats }) {
  const entries = timeToProvision.map(({ atMostSeconds, count: number }, index) => {
    const before = timeToProvision[index - 1]?.atMostSeconds;
    const label = atMostSeconds === null ? `More than ${showLength(before ?? 0)}` : `Up to ${showLength(atMostSeconds)}`;
    return { label, count: number };
  });
  const total = entries.reduce((sum, entry) => sum + entry.count, 0);
  const quick = timeToProvision.reduce(
    (sum, { atMostSeconds, count: number }) => sum + (atMostSeconds !== null && atMostSeconds <= 900 ? number : 0),
    0,
  );
  const finding =
    total > 0 ? `${Math.floor((100 * quick) / total)} % had their account within 15 minutes.` : "No user was provisioned.";
  return <Ranking title="Time to provision" finding={finding} unit="Time in the queue" tone="one" entries={entries} />;
}

const NOT_MEASURED = "Not measured yet: every scheduled run adds a point.";
const count = (value: number) => value.toLocaleString("en-GB");
const words = (reason: string) => `${reason.charAt(0).toUpperCase()}${reason.slice(1).replaceAll("_", " ")}`;

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const hourFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const sampleFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});

/** Days are counted in UTC. */
const bucketLabel = (start: string, hourly: boolean) => (hourly ? hourFormat : dayFormat).format(new Date(start));
const sampleLabels = (at: string) => {
  const short = sampleFormat.format(new Date(at)).replace(",", "");
  return { short, label: `${short} UTC` };
};
