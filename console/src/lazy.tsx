// Pages are parts of their own, loaded when they are first shown: none of them makes the others slower.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Skeleton } from "./parts/Panel";

const RELOADED = "spkey-console.reloaded";
/** So long after a reload that did not help, there is no other one. */
const RELOAD_PAUSE_MS = 60_000;

const loaders: (() => Promise<unknown>)[] = [];

/** A component that is loaded when it is first shown. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let found: ComponentType<Props> | undefined;
  const ready = async () => {
    found ??= await load();
  };
  loaders.push(ready);
  return function Lazy(props: Props) {
    const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
    useEffect(() => {
      if (found) return;
      ready().then(
        () => setState("ready"),
        () => {
          reloadOnce();
          setState("failed");
        },
      );
    }, []);
    if (found) {
      const Found = found;
      return <Found {...props} />;
    }
    return state === "failed" ? <NotLoaded /> : <Skeleton lines={12} />;
  };
}

/** Loads what is not loaded yet, so that a deployment meanwhile, or a lost connection, does not part it from the rest. */
export async function loadAll(): Promise<void> {
  // One that fails is loaded again, or complained about, when it is shown.
  await Promise.allSettled(loaders.map((load) => load()));
}

/** After a deployment the parts of the version before are gone; the page of the new one knows its own. */
function reloadOnce(): void {
  try {
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (!navigator.onLine || Date.now() - last < RELOAD_PAUSE_MS) return;
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  } catch {
    // Without storage it cannot be told whether this was tried: it is left to the button.
  }
}

function NotLoaded() {
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>This page of the console could not be loaded.</strong>
      </p>
      <p>Check your connection. There may be a new version of the console, too.</p>
      <p>
        <button type="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </p>
    </div>
  );
}
