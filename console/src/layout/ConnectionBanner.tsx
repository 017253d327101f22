import { showTime } from "../lib/time";
import { useCountdown } from "../parts/clock";
import { type Lost, lost, tryNow } from "../state/connection";
import { utc } from "../state/preferences";

/** A live region stays in the page, so that what appears in it is said. */
export function ConnectionBanner() {
  return (
    <div role="status" class={lost.value ? "notice warn connection" : ""}>
      {lost.value && <Text lost={lost.value} />}
    </div>
  );
}

function Text({ lost: { dataOf, nextTry } }: { lost: Lost }) {
  const left = useCountdown(nextTry);
  return (
    <p class="row">
      <strong>Connection lost.</strong>
      {dataOf && <span>Data of {showTime(dataOf, dataOf, { utc: utc.value, timeOnly: true })}.</span>}
      {/* Counting aloud would talk over everything else. */}
      <span aria-hidden="true">{left > 0 ? `Next try in ${left} s.` : "Trying …"}</span>
      <button type="button" onClick={() => void tryNow()}>
        Try now
      </button>
    </p>
  );
}
