// npm can be killed without passing it on, and `npm start` without ending what it started.

const LOOK_EVERY_MS = 1_000;

/**
 * Only for what npm started: started in another way, to outlive a parent may be the intention.
 * @param {() => void} act
 */
export function whenParentIsGone(act) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, LOOK_EVERY_MS);
  timer.unref();
}
