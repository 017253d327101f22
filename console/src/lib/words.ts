/** A code as words for people: `set_aside` is "Set aside", `emailDomain` "E-mail domain". */
export function words(code: string): string {
  const text = code
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .replaceAll(/[_.]/g, " ")
    .toLowerCase()
    .replaceAll("email", "e-mail");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
