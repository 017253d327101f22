// Moments as text: in the local zone, which is always named, or in UTC.

const LOCALE = "en-GB"; // day before month, 24 hours

/** In which zone, and how much of the moment. */
export interface TimeStyle {
  utc: boolean;
  /** The time of the day alone. */
  timeOnly?: boolean;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(style: TimeStyle, sameYear: boolean, zone: string | undefined): Intl.DateTimeFormat {
  const key = `${style.utc} ${style.timeOnly ?? false} ${sameYear} ${zone ?? ""}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(LOCALE, {
      ...(style.timeOnly ? {} : { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) }),
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "short",
      timeZone: style.utc ? "UTC" : zone,
    });
    formats.set(key, found);
  }
  return found;
}

/** "28 Nov, 10:30:00 CET"; with the year if it is not this one. `zone` is the browser's unless given. */
export function showTime(at: Date, now: Date, style: TimeStyle, zone?: string): string {
  if (Number.isNaN(at.getTime())) return "unknown time";
  const sameYear = at.getUTCFullYear() === now.getUTCFullYear();
  return format(style, sameYear, zone).format(at).replace(" at ", ", ");
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** "3 minutes ago", "in 2 days", rounded; "now" within half a minute, for which the page's clock may stand still. */
export function showDistance(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  if (Number.isNaN(ms)) return "";
  const minutes = Math.ceil(Math.abs(ms) / 60_000 - 0.5);
  const hours = Math.round(minutes / 60);
  if (minutes === 0) return "now";
  const [count, unit] =
    minutes < 60
      ? ([minutes, "minute"] as const)
      : hours < 24
        ? ([hours, "hour"] as const)
        : ([Math.round(hours / 24), "day"] as const);
  return relative.format(Math.sign(ms) * count, unit);
}

/** "1 h 5 min", "40 s": a length of time. */
export function showLength(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  if (whole < 86_400) {
    const minutes = Math.floor((whole % 3_600) / 60);
    return `${Math.floor(whole / 3_600)} h${minutes ? ` ${minutes} min` : ""}`;
  }
  const hours = Math.floor((whole % 86_400) / 3_600);
  return `${Math.floor(whole / 86_400)} d${hours ? ` ${hours} h` : ""}`;
}

/** Browsers name these zones as they were called when they were first listed. */
const PRESENT_NAMES: Readonly<Record<string, string>> = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Europe/Kiev": "Europe/Kyiv",
};

/** "Europe/Berlin (CET)". */
export function zoneName(now: Date, zone = Intl.DateTimeFormat().resolvedOptions().timeZone): string {
  const parts = new Intl.DateTimeFormat(LOCALE, { timeZone: zone, timeZoneName: "short" }).formatToParts(now);
  const short = parts.find(({ type }) => type === "timeZoneName")?.value;
  const name = PRESENT_NAMES[zone] ?? zone;
  return short && short !== zone ? `${name} (${short})` : name;
}

/** The moment as an `<input type="datetime-local">` holds it: to the minute, in the local zone or UTC. */
export function localInput(moment: string | undefined, inUtc: boolean): string {
  const at = new Date(moment ?? "");
  if (Number.isNaN(at.getTime())) return "";
  const shift = inUtc ? 0 : at.getTimezoneOffset() * 60_000;
  return new Date(at.getTime() - shift).toISOString().slice(0, 16);
}

/** The moment that such an input means; null if it holds none. */
export function momentOf(input: string, inUtc: boolean): string | null {
  const at = new Date(inUtc ? `${input}Z` : input);
  return input === "" || Number.isNaN(at.getTime()) ? null : at.toISOString();
}
