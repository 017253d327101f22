// Clocks: the Worker holds the dates of tokens against its own clock, and allows a minute.

import { ok, problem, unseen, warning } from "./finding.mjs";

/** @typedef {import("./finding.mjs").Finding} Finding */

/** Half of what the Worker allows, so that it is told before tokens are refused. */
const TOLERABLE_S = 30;

const SET_CLOCK = "sudo timedatectl set-ntp true";

/**
 * @param {{issuer?: number, cloudflare?: number}} skews by how many seconds they are ahead of this machine
 * @param {string} command by which one of them can be seen
 * @returns {Finding[]}
 */
export function checkClocks({ issuer, cloudflare }, command) {
  const check = "clock.skew";
  if (issuer === undefined && cloudflare === undefined) return [unseen(check, "any clock but this machine's", command)];
  if (issuer === undefined || cloudflare === undefined) {
    const [whose, skew] = issuer === undefined ? ["Cloudflare's clock", cloudflare] : ["the provider's clock", issuer];
    return [beside(check, String(whose), Number(skew))];
  }
  const between = issuer - cloudflare;
  if (Math.abs(between) > TOLERABLE_S) {
    const seen = `the provider's clock is ${words(between)} Cloudflare's; from 60 s on its tokens are refused. To be set on the provider's machine`;
    return [problem(check, seen, SET_CLOCK)];
  }
  return [beside(check, "the provider's clock and Cloudflare's agree; Cloudflare's", cloudflare)];
}

/** @param {string} check @param {string} whose @param {number} skew @returns {Finding} */
function beside(check, whose, skew) {
  if (Math.abs(skew) <= TOLERABLE_S) return ok(check, `${whose} agrees with this machine's, to the second or two`);
  return warning(check, `${whose} is ${words(skew)} this machine's`, SET_CLOCK);
}

/** @param {number} seconds */
const words = (seconds) => `${Math.round(Math.abs(seconds))} s ${seconds > 0 ? "ahead of" : "behind"}`;
