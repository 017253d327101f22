// Signatures that were found good lately. Only that is kept: whose token it is and what it says is judged anew each time.

const MOST = 64;
const MOST_MS = 600_000;

interface Verdict {
  /** Of the key set under which the signature was good. */
  generation: number;
  until: number;
}

export class Verdicts {
  private readonly byToken = new Map<string, Verdict>();

  isGood(token: string, generation: number, now: number): boolean {
    const verdict = this.byToken.get(token);
    return verdict !== undefined && verdict.generation === generation && now < verdict.until;
  }

  /** @param token its SHA-256 @param expiresAt the token's own `exp`, in milliseconds */
  keep(token: string, generation: number, now: number, expiresAt: number): void {
    // The oldest leaves.
    if (this.byToken.size >= MOST && !this.byToken.has(token)) this.byToken.delete(this.byToken.keys().next().value ?? "");
    this.byToken.set(token, { generation, until: Math.min(expiresAt, now + MOST_MS) });
  }
}
