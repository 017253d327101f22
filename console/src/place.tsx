// Loads the pages for running the place when the first of them is opened.

import { signal } from "@preact/signals";
import type { ComponentProps, ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Skeleton } from "./parts/Panel";

type Pages = typeof import("./pages/place");

const pages = signal<Pages | "failed" | undefined>(undefined);

async function load(): Promise<void> {
  try {
    pages.value = await import("./pages/place");
  } catch {
    pages.value = "failed";
  }
}

type Props = { [Name in keyof Pages]: { page: Name } & ComponentProps<Pages[Name]> }[keyof Pages];

/** A page, with what it takes. */
export function Place({ page, ...props }: Props) {
  const loaded = pages.value;
  useEffect(() => {
    if (typeof loaded !== "object") void load();
  }, []);
  if (loaded === undefined) return <Skeleton lines={12} />;
  if (loaded === "failed") return <NotLoaded />;
  const Page = loaded[page] as ComponentType<typeof props>;
  return <Page {...props} />;
}

/** After a deployment the files of the version before are gone; the page of the new one knows its own. */
function NotLoaded() {
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>This page of the console could not be loaded.</strong> Check your connection. There may be a new version of the
        console, too.
      </p>
      <p>
        <button type="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </p>
    </div>
  );
}
