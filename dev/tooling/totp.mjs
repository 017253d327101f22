// What an authenticator app does: time-based one-time passwords (RFC 6238) of
// the kind that every app knows, SHA-1 with six digits and 30 s.

import { createHmac } from "node:crypto";
import { Failure } from "./say.mjs";

const STEP_S = 30;
const DIGITS = 6;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * The code that an authenticator shows.
 * @param {Uint8Array} secret
 * @param {number} at in seconds since 1970
 * @returns {string}
 */
export const totp = (secret, at) => hotp(secret, Math.floor(at / STEP_S));

/**
 * RFC 4226, section 5.3.
 * @param {Uint8Array} secret
 * @param {number} counter
 * @returns {string}
 */
export function hotp(secret, counter) {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const digest = createHmac("sha1", secret).update(message).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0xf;
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, "0");
}

/**
 * @param {string} text in base32 (RFC 4648), in either case, with or without padding and spaces
 * @returns {Buffer}
 */
export function fromBase32(text) {
  const letters = text.toUpperCase().replace(/=+$|\s/g, "");
  if (!/^[A-Z2-7]+$/.test(letters)) throw new Failure("The secret is no base32: letters and the digits 2 to 7");
  const bits = Array.from(letters, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/**
 * The secret of an `otpauth://` address, which is what a QR code holds.
 * @param {string} address
 * @returns {Buffer}
 */
export function secretOf(address) {
  const { protocol, host, searchParams } = parse(address);
  const wanted = { algorithm: "SHA1", digits: String(DIGITS), period: String(STEP_S) };
  const others = Object.entries(wanted).filter(([name, value]) => (searchParams.get(name) ?? value).toUpperCase() !== value);
  if (protocol !== "otpauth:" || host !== "totp" || others.length > 0) {
    throw new Failure("The address is none of otpauth://totp/ with SHA1, 6 digits and 30 s");
  }
  return fromBase32(searchParams.get("secret") ?? "");
}

/** @param {string} address */
function parse(address) {
  try {
    return new URL(address);
  } catch {
    throw new Failure("The address is no URL");
  }
}
