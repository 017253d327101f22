// CSV by RFC 4180, safe to open in a spreadsheet.

export type Cell = string | number | boolean | null | undefined;

/** A cell that a spreadsheet would take for a formula is made text by a leading quote. */
export function csvCell(value: Cell): string {
  const text = value === null || value === undefined ? "" : String(value);
  const guarded = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

export function csv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}
