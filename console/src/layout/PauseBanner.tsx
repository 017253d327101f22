import { useEffect } from "preact/hooks";
import { api } from "../state/client";
import { paused } from "../state/pause";
import { useResource } from "../state/resource";
import { address } from "../state/router";

const EVERY_MS = 60_000;
/** Where a pause explains what is seen. Overview and System tell of it themselves. */
const PAGES: readonly (string | undefined)[] = ["runs", "users"];

export function PauseBanner() {
  const wanted = PAGES.includes(address.value.path[0]);
  const system = useResource(wanted ? "pause" : null, () => api.GET("/admin/system"), { every: EVERY_MS });
  const isPaused = system.data?.paused === true;
  useEffect(() => {
    paused.value = isPaused;
  }, [isPaused]);
  if (!isPaused) return null;
  return (
    <p class="notice warn connection">
      <span>
        <strong>All provisioning is paused.</strong> No run begins until an admin resumes it. <a href="#/system">System</a>
      </span>
    </p>
  );
}
