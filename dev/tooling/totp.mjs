// What an authenticator app does, of the kind that every app knows: SHA-1, six digits, 30 s.

import { Secret, TOTP } from "otpauth";
import { Failure } from "./say.mjs";

/** @param {Secret} secret @param {number} at in seconds since 1970 */
export const totp = (secret, at) => new TOTP({ secret }).generate({ timestamp: at * 1000 });

/** @param {string} text in base32, in either case, with or without padding and spaces */
export function fromBase32(text) {
  try {
    const secret = Secret.fromBase32(text.replace(/\s/g, ""));
    if (secret.bytes.length > 0) return secret;
  } catch {
    // told below
  }
  throw new Failure("The secret is no base32: letters and the digits 2 to 7");
}

/** The secret of an `otpauth://` address, which is what a QR code holds. @param {string} address */
export function secretOf(address) {
  if (!URL.canParse(address)) throw new Failure("The address is no URL");
  const { protocol, host, searchParams } = new URL(address);
  const wanted = { algorithm: "SHA1", digits: "6", period: "30" };
  const others = Object.entries(wanted).filter(([name, value]) => (searchParams.get(name) ?? value).toUpperCase() !== value);
  if (protocol !== "otpauth:" || host !== "totp" || others.length > 0) {
    throw new Failure("The address is none of otpauth://totp/ with SHA1, 6 digits and 30 s");
  }
  return fromBase32(searchParams.get("secret") ?? "");
}
