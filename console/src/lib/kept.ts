/** A reason as it may be kept over a new sign-in: without what looks like an e-mail or a phone number. */
export function kept(reason: string): string {
  return reason
    .replace(/\S*@\S*/g, "")
    .replace(/\+?\d[\d\s()/.-]{6,}\d/g, "")
    .trim();
}
