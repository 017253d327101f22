/** A code as words for people: `set_aside` is "Set aside", `emailDomain` "Email domain". */
export function words(code: string): string {
  const text = code
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .replaceAll(/[_.]/g, " ")
    .toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
