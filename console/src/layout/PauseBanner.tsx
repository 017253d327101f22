import { useEffect } from "preact/hooks";
import { api } from "../state/client";
import { useResource } from "../state/resource";
import { address } from "../state/router";

/** On every page, as a pause explains much of what is seen there. Read with each page, without a timer. */
export function PauseBanner() {
  const system = useResource("pause", () => api.GET("/admin/system"));
  useEffect(system.refresh, [address.value.path.join("/")]);
  if (!system.data?.paused) return null;
  return (
    <p class="notice warn connection">
      <span>
        <strong>All provisioning is paused.</strong> No run begins until an admin lifts it. <a href="#/system">System</a>
      </span>
    </p>
  );
}
