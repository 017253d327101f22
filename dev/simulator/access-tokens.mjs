/** The vendor's own access tokens: opaque, short-lived, handed out by `/auth/token`. Not the issuer's JWTs. */

import { randomBytes } from "node:crypto";

export class AccessTokens {
  /** @type {Map<string, {subject: string, expiresAt: number}>} */
  #issued = new Map();

  /**
   * @param {string} subject the account's e-mail
   * @param {number} ttlSeconds
   */
  issue(subject, ttlSeconds) {
    const token = `sim-access-${randomBytes(24).toString("base64url")}`;
    this.#issued.set(token, { subject: subject.toLowerCase(), expiresAt: Date.now() + ttlSeconds * 1000 });
    return token;
  }

  /**
   * Whose token this is, in lower case; undefined when it was never issued or has expired.
   * @param {string} token
   */
  subjectOf(token) {
    const issued = this.#issued.get(token);
    return issued && issued.expiresAt > Date.now() ? issued.subject : undefined;
  }

  /** Ends every token at once, as a vendor's key rotation or restart does. */
  expireAll() {
    this.#issued.clear();
  }
}
