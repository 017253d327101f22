import { useState } from "preact/hooks";
import type { Failure } from "../../lib/failure";
import { FailureNotice } from "../../parts/FailureNotice";
import { api, settled } from "../../state/client";
import type { AuditQuery } from "./filters";

const PATH = "/admin/audit/export";
/** Calls of 5,000 entries each. */
const MOST_CALLS = 40;

/**
 * The trail as a file, with the filters of the page. A call answers a part; a click puts the parts together. As a link it
 * can also be opened on its own, which gives the first part.
 */
export function ExportLink({ filters }: { filters: AuditQuery }) {
  const [state, setState] = useState<"idle" | "running" | "cut" | Failure>("idle");
  const query = { ...filters, format: "csv" as const };
  const address = `${PATH}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`;
  const save = async () => {
    setState("running");
    const parts: string[] = [];
    let before: string | undefined;
    for (let call = 0; call < MOST_CALLS; call += 1) {
      const result = await settled(part({ ...query, before }));
      if (!result.ok) return setState(result.failure);
      // Every part begins with the header.
      parts.push(call === 0 ? result.data.text : result.data.text.replace(/^[^\n]*\n/, ""));
      before = result.data.next;
      if (before === undefined) break;
    }
    download(parts, "audit.csv");
    setState(before === undefined ? "idle" : "cut");
  };
  return (
    <>
      <a
        class="button"
        href={address}
        download="audit.csv"
        aria-disabled={state === "running"}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          if (state !== "running") void save();
        }}
      >
        {state === "running" ? "Exporting …" : "Export CSV"}
      </a>
      {state === "cut" && (
        <p class="notice warn" role="alert">
          The file ends after 200,000 entries. Export the rest with an earlier time under “Before”.
        </p>
      )}
      {typeof state === "object" && <FailureNotice failure={state} retry={() => void save()} />}
    </>
  );
}

async function part(query: AuditQuery & { format: "csv"; before: string | undefined }) {
  const { data, error, response } = await api.GET(PATH, { params: { query }, parseAs: "text" });
  const next = /<([^>]*)>;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
  const before = next ? (new URL(next, location.origin).searchParams.get("before") ?? undefined) : undefined;
  return { data: { text: data ?? "", next: before }, error, response };
}

function download(parts: readonly string[], name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([...parts], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  // Some browsers read it a moment later.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
