// How it went lately: five charts of one answer.

import { Chart, type ChartProps } from "../../charts/Chart";
import type { Stats } from "../../contract";
import { ofReason } from "../../guidance";
import { showCount, showMany } from "../../lib/number";
import { showLength, showTime } from "../../lib/time";
import { words } from "../../lib/words";
import { Select } from "../../parts/fields";
import { Panel } from "../../parts/Panel";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { address, href, setFilters } from "../../state/router";

const EVERY_MS = 300_000;
const DAY_MS = 86_400_000;
const QUICK_SECONDS = 900;
const REASONS_SHOWN = 8;

const RANGES = [
  ["1", "24 hours"],
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
] as const;

export function Trends() {
  const asked = address.value.filters.get("days");
  const days = RANGES.find(([value]) => value === asked)?.[0] ?? "30";
  const bucket = days === "1" ? "hour" : "day";
  const stats = useResource(
    `stats ${days}`,
    () => {
      const to = new Date();
      const from = new Date(to.getTime() - Number(days) * DAY_MS);
      const query = { from: from.toISOString(), to: to.toISOString(), bucket } as const;
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
          {[provisioned(data, bucket), reasons(data), timeToProvision(data), queue(data), oldest(data)].map((chart) => (
            <Chart key={chart.title} {...chart} />
          ))}
        </div>
      )}
    </Panel>
  );
}

/** Days are counted in UTC, so all is shown in it. */
function inUtc(moment: string) {
  const at = new Date(moment);
  const label = showTime(at, at, { utc: true });
  const [day = "", time = ""] = label.split(", ");
  return { label, day, hour: time.slice(0, 5) };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function provisioned({ buckets }: Stats, bucket: "hour" | "day"): ChartProps {
  // Those quarantined and set aside are among the failed.
  const points = buckets.map(({ start, created, adopted, replaced, failed }) => {
    const { day, hour } = inUtc(start);
    const label = bucket === "hour" ? `${day} ${hour}` : day;
    return { label, short: bucket === "hour" ? hour : day, values: [created + adopted + replaced, failed] as const };
  });
  const failures = points.map(({ values: [, failed] }) => failed);
  const failed = sum(failures);
  const worst = failed > 0 ? points[failures.indexOf(Math.max(...failures))] : undefined;
  const done = sum(points.map(({ values: [done] }) => done));
  return {
    kind: "bars",
    title: `Provisioned and failed ${bucket === "hour" ? "an hour" : "a day"}`,
    finding: `${showCount(done)} provisioned, ${showMany(failed, "failed attempt")}${worst ? `, most on ${worst.label}` : ""}.`,
    unit: `${words(bucket)} (UTC)`,
    series: [
      { name: "Provisioned", tone: "good" },
      { name: "Failed", tone: "bad" },
    ],
    points,
  };
}

function reasons({ reasons }: Stats): ChartProps {
  const ranked = [...reasons].sort((a, b) => b.count - a.count).slice(0, REASONS_SHOWN);
  const [first] = ranked;
  return {
    kind: "ranking",
    title: "Reasons of failures",
    finding: first ? `Most often: ${words(first.reason)}, ${showMany(first.count, "time")}.` : "No attempt failed.",
    unit: "Reason",
    series: [{ name: "Attempts", tone: "bad" }],
    points: ranked.map(({ reason, count }) => ({
      label: words(reason),
      values: [count],
      link: (
        <a href={href(["users"], { state: "failing", reason })} title={ofReason(reason)?.means}>
          {words(reason)}
        </a>
      ),
    })),
  };
}

/** A sample of the queue for each scheduled run. */
function overTime({ depth }: Stats, values: (sample: Stats["depth"][number]) => readonly number[]) {
  return {
    kind: "lines",
    unit: "Time",
    points: depth.map((sample) => {
      const { label, day, hour } = inUtc(sample.at);
      return { label, short: `${day} ${hour}`, values: values(sample) };
    }),
  } as const;
}

const NOT_MEASURED = "Not measured yet: every scheduled run adds a point.";

function queue(stats: Stats): ChartProps {
  const last = stats.depth.at(-1);
  const most = Math.max(0, ...stats.depth.map(({ waiting }) => waiting));
  return {
    ...overTime(stats, ({ waiting, due }) => [waiting, due]),
    title: "Users in the queue",
    finding: last
      ? `Last measured on ${inUtc(last.at).label}: ${showCount(last.waiting)} waiting, ${showCount(last.due)} of them due; ${showCount(most)} at most.`
      : NOT_MEASURED,
    series: [
      { name: "Waiting", tone: "busy" },
      { name: "Due", tone: "warn" },
    ],
  };
}

function oldest(stats: Stats): ChartProps {
  const chart = overTime(stats, ({ at, oldestDueAt }) => [
    oldestDueAt === null ? 0 : Math.max(0, (Date.parse(at) - Date.parse(oldestDueAt)) / 60_000),
  ]);
  const most = Math.max(0, ...chart.points.map(({ values: [minutes = 0] }) => minutes));
  return {
    ...chart,
    title: "Age of the oldest due user, in minutes",
    finding: stats.depth.length > 0 ? `The longest that a due user has waited: ${showLength(most * 60)}.` : NOT_MEASURED,
    series: [{ name: "Age", tone: "busy" }],
    format: (minutes) => showLength(minutes * 60),
  };
}

function timeToProvision({ timeToProvision: times }: Stats): ChartProps {
  const total = sum(times.map(({ count }) => count));
  const quick = sum(times.map(({ atMostSeconds, count }) => ((atMostSeconds ?? Infinity) <= QUICK_SECONDS ? count : 0)));
  return {
    kind: "ranking",
    title: "Time to provision",
    finding:
      total > 0 ? `${Math.floor((100 * quick) / total)} % had their account within 15 minutes.` : "No user was provisioned.",
    unit: "Time in the queue",
    series: [{ name: "Users", tone: "busy" }],
    points: times.map(({ atMostSeconds, count }, index) => ({
      label:
        atMostSeconds === null
          ? `More than ${showLength(times[index - 1]?.atMostSeconds ?? 0)}`
          : `Up to ${showLength(atMostSeconds)}`,
      values: [count],
    })),
  };
}
