// Passwords of the form that the Worker chooses (src/threedeye/password.rs).

import { randomInt } from "node:crypto";

const LENGTH = 20;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!";
const CLASSES = [/[A-Z]/, /[a-z]/, /\d/, /[-_.!]/];

/** @returns {string} */
export function newPassword() {
  for (;;) {
    const text = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
    if (CLASSES.every((one) => one.test(text))) return text;
  }
}
