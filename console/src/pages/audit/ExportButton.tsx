import { useState } from "preact/hooks";
import { download } from "../../lib/download";
import type { Failure } from "../../lib/failure";
import { FailureNotice } from "../../parts/FailureNotice";
import { api, type Call, settled } from "../../state/client";
import type { AuditQuery } from "./filters";

/** Calls of 5,000 entries each. */
const MOST_CALLS = 40;

/** The trail as a file, with the filters of the page. A call answers a part; the parts are put together. */
export function ExportButton({ filters }: { filters: AuditQuery }) {
  const [state, setState] = useState<"idle" | "running" | "cut" | Failure>("idle");
  const part = (before?: string) => api.GET("/admin/audit/export", { params: { query: { ...filters, format: "csv", before } } });
  const save = async () => {
    setState("running");
    const parts: string[] = [];
    let before: string | undefined;
    for (let call = 0; call < MOST_CALLS; call += 1) {
      const result = await settled<Part>({ ...part(before), read });
      if (!result.ok) return setState(result.failure);
      // Every part begins with the header.
      parts.push(call === 0 ? result.data.text : result.data.text.replace(/^[^\n]*\n/, ""));
      before = result.data.next;
      if (before === undefined) break;
    }
    download(parts, "audit.csv", "text/csv;charset=utf-8");
    setState(before === undefined ? "idle" : "cut");
  };
  return (
    <>
      <button type="button" aria-disabled={state === "running"} onClick={() => state !== "running" && void save()}>
        {state === "running" ? "Exporting …" : "Export CSV"}
      </button>
      {state === "cut" && (
        <p class="notice warn" role="alert">
          The file ends after 200,000 entries. Export the rest with an earlier time under “Before”.
        </p>
      )}
      {typeof state === "object" && <FailureNotice failure={state} retry={() => void save()} />}
    </>
  );
}

interface Part {
  text: string;
  /** Where the next part begins. */
  next: string | undefined;
}

const read: Call<Part>["read"] = async (response) => {
  const next = /<([^>]*)>;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
  return {
    text: await response.text(),
    next: next ? (new URL(next, location.origin).searchParams.get("before") ?? undefined) : undefined,
  };
};
