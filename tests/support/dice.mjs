/** Random draws that can be repeated: the same seed draws the same things in the same order. */

import { createHash, randomInt } from "node:crypto";

export class Dice {
  #count = 0;

  /** @param {string} seed */
  constructor(seed = String(randomInt(1_000_000_000))) {
    this.seed = seed;
  }

  /** A whole number from 0 to `below - 1`. @param {number} below */
  below(below) {
    this.#count += 1;
    const drawn = createHash("sha256").update(`${this.seed}/${this.#count}`).digest().readUInt32BE();
    return Math.floor((drawn / 2 ** 32) * below);
  }

  /** @param {number} chance from 0 to 1 */
  happens(chance) {
    return this.below(1_000_000) < chance * 1_000_000;
  }

  /** @template T @param {readonly T[]} from @returns {T} */
  one(from) {
    return from[this.below(from.length)];
  }

  /** So many of them, each once, in any order. @template T @param {readonly T[]} from @param {number} count @returns {T[]} */
  some(from, count) {
    const rest = [...from];
    return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(this.below(rest.length), 1)[0]);
  }
}
