/** The codes of `npm run code`, against the vectors of the RFCs. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { HOTP } from "otpauth";

import { fromBase32, secretOf, totp } from "../dev/tooling/totp.mjs";

const MAIN = fileURLToPath(new URL("../dev/code.mjs", import.meta.url));
const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/** What it is in base32. */
const TEXT = "12345678901234567890";
const KEY = fromBase32(SECRET);
/** @param {{bytes: Uint8Array}} secret */
const textOf = ({ bytes }) => Buffer.from(bytes).toString();

/** RFC 6238, appendix B, whose codes of eight digits end in those of six. */
const AT = {
  59: "287082",
  1111111109: "081804",
  1111111111: "050471",
  1234567890: "005924",
  2000000000: "279037",
  20000000000: "353130",
};

/** @param {string[]} args */
const run = (...args) => promisify(execFile)(process.execPath, [MAIN, ...args]).catch((error) => error);

describe("codes", () => {
  test("RFC 4226, appendix D", () => {
    const codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
    assert.deepEqual(
      codes.map((_, counter) => HOTP.generate({ secret: KEY, counter })),
      codes,
    );
  });

  test("RFC 6238, appendix B", () => {
    for (const [at, code] of Object.entries(AT)) assert.equal(totp(KEY, Number(at)), code);
  });

  test("a step has 30 seconds", () => {
    assert.equal(totp(KEY, 30), totp(KEY, 59));
    assert.notEqual(totp(KEY, 59), totp(KEY, 60));
  });
});

describe("secrets", () => {
  test("RFC 4648, section 10", () => {
    for (const [text, base32] of Object.entries({
      f: "MY======",
      fo: "MZXQ====",
      foo: "MZXW6===",
      foob: "MZXW6YQ=",
      fooba: "MZXW6YTB",
      foobar: "MZXW6YTBOI======",
    })) {
      assert.equal(textOf(fromBase32(base32)), text);
    }
  });

  test("are read as people type them", () => {
    for (const text of [SECRET, SECRET.toLowerCase(), SECRET.replace(/(.{4})/g, "$1 "), ` ${SECRET}\n`])
      assert.equal(textOf(fromBase32(text)), TEXT);
    for (const text of ["", "GEZDGNB1", "GEZD-GNBV", "GEZD=GNBV", "ГEZDGNBV"]) assert.throws(() => fromBase32(text), /no base32/);
  });

  test("are read from an otpauth address", () => {
    for (const more of ["", "&issuer=SmartphoneKey", "&algorithm=SHA1&digits=6&period=30"]) {
      assert.equal(textOf(secretOf(`otpauth://totp/SmartphoneKey:ada%40example.com?secret=${SECRET}${more}`)), TEXT);
    }
    for (const address of [
      `otpauth://hotp/ada?secret=${SECRET}`,
      `https://totp/ada?secret=${SECRET}`,
      `otpauth://totp/ada?secret=${SECRET}&algorithm=SHA256`,
      `otpauth://totp/ada?secret=${SECRET}&digits=8`,
      `otpauth://totp/ada?secret=${SECRET}&period=60`,
    ])
      assert.throws(() => secretOf(address), /none of otpauth/);
    assert.throws(() => secretOf("otpauth://totp/ada"), /no base32/);
    assert.throws(() => secretOf(SECRET), /no URL/);
  });
});

describe("npm run code", () => {
  test("prints the code and nothing else", async () => {
    for (const [at, code] of Object.entries(AT)) assert.equal((await run(SECRET, "--at", at)).stdout, `${code}\n`);
    assert.equal((await run("--otpauth", `otpauth://totp/ada?secret=${SECRET}`, "--at", "59")).stdout, "287082\n");
  });

  test("knows the present and the next step", async () => {
    const before = Date.now() / 1000;
    const [now, next] = await Promise.all([run(SECRET), run(SECRET, "--at", "+30")]);
    const after = Date.now() / 1000;
    const possible = (/** @type {number} */ later) => [before, after].map((at) => `${totp(KEY, at + later)}\n`);
    assert.ok(possible(0).includes(now.stdout));
    assert.ok(possible(30).includes(next.stdout));
  });

  test("says what it needs", async () => {
    for (const args of [
      [],
      [SECRET, SECRET],
      [SECRET, "--otpauth", "otpauth://totp/a"],
      ["secret!"],
      [SECRET, "--at", "noon"],
      [SECRET, "--at=-30"],
      [SECRET, "--in", "5"],
    ]) {
      const { code, stdout, stderr } = await run(...args);
      assert.deepEqual([code, stdout], [1, ""], args.join(" "));
      assert.match(stderr, /✗/);
    }
    assert.match((await run("--help")).stdout, /SECRET/);
  });
});
