// Shortcuts. Off while typing and in dialogs, and by the switch (WCAG 2.1.4).

import { singleKeys } from "./state/preferences";
import { refreshAll } from "./state/refresh";
import { navigate } from "./state/router";
import { endSearch } from "./state/search";

export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ["/", "Find a user"],
  ["j", "Next row"],
  ["k", "Previous row"],
  ["Enter", "Open the row"],
  ["g o", "Overview"],
  ["g u", "Users"],
  ["g r", "Runs"],
  ["g a", "Audit"],
  ["r", "Read everything again"],
  ["?", "Help"],
];

const GO: Readonly<Record<string, string>> = { o: "", u: "users", r: "runs", a: "audit" };

/** How long after `g` the second key counts. */
const SECOND_KEY_MS = 1500;
let goPressedAt = 0;

export function onKey(event: KeyboardEvent): void {
  if (!singleKeys.value || event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const afterGo = Date.now() - goPressedAt < SECOND_KEY_MS;
  goPressedAt = 0;
  const page = GO[event.key];
  if (afterGo && page !== undefined) {
    endSearch();
    navigate(page === "" ? [] : [page]);
  } else if (event.key === "g") goPressedAt = Date.now();
  else if (event.key === "/") document.querySelector<HTMLInputElement>("#find")?.focus();
  else if (event.key === "j") moveRow(1);
  else if (event.key === "k") moveRow(-1);
  else if (event.key === "r") refreshAll();
  else if (event.key === "?") navigate(["help"]);
  else return;
  event.preventDefault();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** The links of rows take the focus, so Enter opens them as it opens any link. */
function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")];
  const at = rows.findIndex((row) => row === document.activeElement || row.closest("tr")?.contains(document.activeElement));
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
