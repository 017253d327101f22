import { showDistance, showTime } from "../lib/time";
import { utc } from "../state/preferences";
import { now } from "./clock";

interface TimeProps {
  /** As the service writes it. */
  at: string | null | undefined;
  /** What stands for null. */
  none?: string;
  /** Says how long ago as well. */
  relative?: boolean;
  /** In a table: many stops of the Tab key would hinder more than the other zone helps. */
  quiet?: boolean;
}

/** A moment in the local zone, which is named; in UTC when pointed at or focused, or by the switch. */
export function Time({ at, none = "–", relative = false, quiet = false }: TimeProps) {
  if (!at) return <span class="quiet">{none}</span>;
  const moment = new Date(at);
  const other = showTime(moment, now.value, { utc: !utc.value });
  return (
    <span class="when">
      <time dateTime={at} title={other} data-other={other} tabIndex={quiet ? undefined : 0}>
        {showTime(moment, now.value, { utc: utc.value })}
      </time>
      {relative && <span class="quiet"> ({showDistance(moment, now.value)})</span>}
    </span>
  );
}

interface DueProps {
  at: string | null;
  none?: string;
  /** Before a time to come: "Due ". */
  before?: string;
}

/** When something is tried next. What a time that has passed tells is that it is next in the queue. */
export function Due({ at, none = "–", before = "" }: DueProps) {
  if (at !== null && new Date(at) <= now.value) return <>Due now</>;
  return (
    <>
      {before}
      <Time at={at} none={none} relative quiet />
    </>
  );
}
