// npm can be killed without passing it on; then nobody is left who could stop us.

const LOOK_EVERY_MS = 1_000;

/**
 * Only for processes whose parent waits for them: npm, or ourselves under an
 * older Node. Started in another way, to outlive a parent may be the intention.
 * @param {() => void} act
 */
export function whenParentIsGone(act) {
  const parent = process.ppid;
  if (!process.env.npm_lifecycle_event && process.env.SPKEY_PARENT !== String(parent)) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, LOOK_EVERY_MS);
  timer.unref();
}
