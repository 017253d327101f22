interface ProgressProps {
  /** Its accessible name: "Run progress". */
  name: string;
  value: number;
  max: number;
  /** "998 of 4,000 done, 2 failed". */
  text: string;
  failed?: number;
  /** Neither done nor failed. */
  skipped?: number;
}

export function Progress({ name, value, max, text, failed = 0, skipped = 0 }: ProgressProps) {
  const share = (part: number) => `${max > 0 ? Math.min(100, (100 * part) / max) : 0}%`;
  return (
    <div class="progress-line">
      <div
        class="progress"
        role="progressbar"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={Math.min(value, max)}
        aria-valuetext={text}
      >
        <div class="good" style={{ width: share(value - failed - skipped) }} />
        <div class="bad" style={{ width: share(failed) }} />
        <div class="calm" style={{ width: share(skipped) }} />
      </div>
      <p>{text}</p>
    </div>
  );
}
