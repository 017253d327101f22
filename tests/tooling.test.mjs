/**
 * Locks, the run file and the local database of `npm start`: what belongs to which checkout; what it tells the simulator; and
 * which browser the tests take.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

import { MISSING_ROLE } from "../dev/seed.mjs";
import { startSimulator } from "../dev/simulator/server.mjs";
import { findChromium } from "../dev/toolchain/chromium.mjs";
import { compareSchemas, setAside } from "../dev/tooling/database.mjs";
import { makeTroubles } from "../dev/tooling/demo-states.mjs";
import { dialectOf } from "../dev/tooling/local-config.mjs";
import { tryLock } from "../dev/tooling/lock.mjs";
import { readRunFile, writeRunFile } from "../dev/tooling/run-file.mjs";
import { tokensOf, verifiedEmail } from "../dev/tooling/simulator.mjs";

const scratch = mkdtempSync(join(tmpdir(), "spkey-tooling-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** @param {string} name */
function folder(name) {
  const path = join(scratch, name);
  mkdirSync(path);
  return path;
}

/** A process that holds a lock. @param {string} file */
async function holder(file) {
  const lock = new URL("../dev/tooling/lock.mjs", import.meta.url).href;
  const program = `const { tryLock } = await import(${JSON.stringify(lock)});
    process.stdout.write(String(Boolean(tryLock(${JSON.stringify(file)}))));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  assert.equal(String(said), "true");
  return child;
}

test("a lock is held until its process ends, and not in a copy of its folder", async () => {
  const first = folder("first");
  const child = await holder(join(first, "run.lock"));
  assert.equal(tryLock(join(first, "run.lock")), undefined);

  const copied = join(scratch, "copied");
  cpSync(first, copied, { recursive: true });
  const linked = folder("linked");
  for (const name of readdirSync(first)) linkSync(join(first, name), join(linked, name));
  for (const copy of [copied, linked]) {
    const release = tryLock(join(copy, "run.lock"));
    assert.ok(release, copy);
    assert.equal(tryLock(join(first, "run.lock")), undefined);
    release();
  }

  child.kill("SIGKILL");
  await once(child, "exit");
  const release = tryLock(join(first, "run.lock"));
  assert.ok(release);
  release();
});

test("two locks of one folder do not stand in each other's way", () => {
  const path = folder("two");
  const releases = ["run.lock", "build.lock"].map((name) => tryLock(join(path, name)));
  for (const release of releases) {
    assert.ok(release);
    release();
  }
});

test("a run file counts where it was written, while its process lives", async () => {
  const path = folder("run");
  const running = {
    pid: process.pid,
    worker: "http://x",
    simulator: "http://y",
    tokens: tokensOf({ JWT_ISSUER: "i", JWT_AUDIENCE: "a" }),
  };
  assert.equal(readRunFile(path), undefined);
  writeRunFile(running, path);
  assert.deepEqual(readRunFile(path), running);
  const copy = join(scratch, "run-copy");
  cpSync(path, copy, { recursive: true });
  assert.equal(readRunFile(copy), undefined);

  const child = spawn(process.execPath, ["--eval", ""]);
  await once(child, "exit");
  writeRunFile({ ...running, pid: /** @type {number} */ (child.pid) }, path);
  assert.equal(readRunFile(path), undefined);
});

test("a database that knows other migrations is of another version, one that lacks some is behind", () => {
  const files = ["0001_users.sql", "0002_access.sql"];
  assert.equal(compareSchemas(files, files), "current");
  assert.equal(compareSchemas(files, ["0001_users.sql"]), "behind");
  assert.equal(compareSchemas(files, []), "behind");
  assert.equal(compareSchemas(files, ["0001_initial.sql"]), "foreign");
  assert.equal(compareSchemas(files, [...files, "0003_later.sql"]), "foreign");
});

test("local data that is set aside loses nothing, however often", () => {
  const state = join(scratch, "state");
  for (const number of [1, 2]) {
    mkdirSync(state);
    writeFileSync(join(state, "data"), String(number));
    assert.equal(setAside(state), `${state}.old-${number}`);
    assert.ok(!existsSync(state));
    assert.ok(existsSync(join(`${state}.old-${number}`, "data")));
  }
});

test("tokens name their claims as the Worker is told to", () => {
  const running = (/** @type {Record<string, string>} */ vars) => ({
    pid: 1,
    worker: "w",
    simulator: "s",
    tokens: tokensOf(vars),
  });
  assert.deepEqual(verifiedEmail(running({ JWT_EMAIL_CLAIM: "" }), "ada@example.com"), {
    email: "ada@example.com",
    email_verified: true,
  });
  const renamed = running({ JWT_EMAIL_CLAIM: "e", JWT_EMAIL_VERIFIED_CLAIM: "v", JWT_AUTH_TIME_CLAIM: "t", JWT_AMR_CLAIM: "m" });
  assert.deepEqual(verifiedEmail(renamed, "ada@example.com"), { e: "ada@example.com", v: true });
  assert.deepEqual([renamed.tokens.authTimeClaim, renamed.tokens.amrClaim], ["t", "m"]);
});

test("the simulator is told the dialect that the Worker is told", () => {
  const local = { THREEDEYE_BASE_URL: "http://127.0.0.1:8790/v3" };
  assert.equal(dialectOf(local), null);
  assert.equal(dialectOf({ ...local, THREEDEYE_DIALECT: " " }), null);
  assert.deepEqual(dialectOf({ ...local, THREEDEYE_DIALECT: '{"firstPage":0}' }), { firstPage: 0 });
  assert.equal(dialectOf({ THREEDEYE_BASE_URL: "https://tenant.example/v3", THREEDEYE_DIALECT: "{}" }), null);
  assert.throws(() => dialectOf({ ...local, THREEDEYE_DIALECT: "{" }), /THREEDEYE_DIALECT is not JSON/);
});

test("the demo's stuck users are stuck in another dialect too", async () => {
  const simulator = await startSimulator();
  try {
    for (const [dialect, paths] of /** @type {[object | null, string[]][]} */ ([
      [null, ["/auth/token", "/users", `/roles/${MISSING_ROLE}/users/1`]],
      [{ paths: { token: "/t", users: "/u", attachRole: "/u.x/{userId}/r/{roleId}" } }, ["/t", "/u", `/u.x/1/r/${MISSING_ROLE}`]],
      [{ paths: { token: "/t", attachRole: "/u/{userId}" }, attachRole: { body: { id: "{roleId}" } } }, ["/t", "/users"]],
      [
        { paths: { attachRole: "/{roleId}" }, attachRole: { body: { id: "{userId}" } } },
        ["/auth/token", "/users", `/${MISSING_ROLE}`],
      ],
    ])) {
      simulator.control.reset();
      simulator.control.configure({ dialect });
      await makeTroubles(simulator.url);
      const rules = simulator.control.faults().map(({ match }) => match.path);
      assert.equal(rules.length, paths.length);
      for (const [index, path] of paths.entries()) {
        const rule = rules[index];
        assert.ok(typeof rule === "string" ? rule === path : new RegExp(rule.regex).test(path), path);
      }
    }
  } finally {
    await simulator.close();
  }
});

describe("the browser of the console's tests", () => {
  const [PATH, empty] = [folder("with-browsers"), folder("without")];
  /** @param {string} name @param {number} exitCode */
  const program = (name, exitCode) => writeFileSync(join(PATH, name), `#!/bin/sh\nexit ${exitCode}\n`, { mode: 0o755 });
  // As where a package of this name only says where else to look.
  program("chromium", 1);
  program("google-chrome", 0);
  program("of-my-own", 0);

  test("is the first on the path that starts", async () => {
    assert.deepEqual(await findChromium({ PATH }), { command: join(PATH, "google-chrome") });
  });

  test("is $CHROMIUM where that is set", async () => {
    assert.deepEqual(await findChromium({ PATH, CHROMIUM: join(PATH, "of-my-own") }), { command: join(PATH, "of-my-own") });
    const missing = `CHROMIUM=${join(empty, "chrome")} does not start`;
    assert.deepEqual(await findChromium({ PATH, CHROMIUM: join(empty, "chrome") }), { missing });
  });

  test("is missing where there is none", async () => {
    assert.deepEqual(await findChromium({ PATH: empty }), { missing: "there is no chromium, google-chrome, chrome" });
  });
});
