// What this browser remembers: choices of looks and keys, nothing about people.

import { effect, type Signal, signal } from "@preact/signals";

function stored<T>(name: string, fallback: T, allowed: (value: unknown) => value is T): Signal<T> {
  const key = `spkey-console.${name}`;
  const value = signal(read(key, fallback, allowed));
  let first = true;
  effect(() => {
    const text = JSON.stringify(value.value);
    if (!first) write(key, text);
    first = false;
  });
  return value;
}

function read<T>(key: string, fallback: T, allowed: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return allowed(value) ? value : fallback;
  } catch {
    return fallback; // storage is off, or holds something else
  }
}

function write(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Storage is off or full: the choice holds for this page.
  }
}

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = stored<Theme>("theme", "system", (value): value is Theme => THEMES.includes(value as Theme));
/** Times in UTC instead of the local zone. */
export const utc = stored("utc", false, isBoolean);
/** WCAG 2.1.4: shortcuts of a single character can be turned off. */
export const singleKeys = stored("single-keys", true, isBoolean);

effect(() => {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset.theme;
  else root.dataset.theme = theme.value;
});
