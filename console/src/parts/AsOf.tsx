import { showTime } from "../lib/time";
import { utc } from "../state/preferences";

interface AsOfProps {
  at: Date | undefined;
  loading: boolean;
  refresh: () => void;
  /** What is refreshed, for those who do not see where the button is. */
  of: string;
}

/** "as of 10:31:07 CET", and Refresh. */
export function AsOf({ at, loading, refresh, of }: AsOfProps) {
  return (
    <p class="as-of quiet">
      {/* The room of the time is kept, so that nothing moves when it is known. */}
      <span class={at ? "" : "hidden"}>
        as of {showTime(at ?? new Date(0), at ?? new Date(0), { utc: utc.value, timeOnly: true })}
      </span>
      <button type="button" class="plain" onClick={refresh} aria-label={`Refresh ${of}`} aria-disabled={loading}>
        Refresh
      </button>
    </p>
  );
}
