/** Conformance of the local simulator as a process of its own: its command line, what it keeps, and how it ends. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startSimulator } from "../dev/simulator/server.mjs";
import { JWKS, newUser, PASSWORD, simulatorForThisFile } from "./support/simulator.mjs";
import { until } from "./support/until.mjs";

const MAIN = fileURLToPath(new URL("../dev/simulator/main.mjs", import.meta.url));

const { api } = await simulatorForThisFile();

describe("the process", () => {
  /** @type {string} */
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "simulator-test-"));
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs the command line; resolves with its address once it listens. @param {...string} args */
  async function run(...args) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(child.stdout.setEncoding("utf8"), "data");
    /** @param {NodeJS.Signals} signal */
    const stop = async (signal) => {
      child.kill(signal);
      return (await once(child, "exit"))[0];
    };
    return { line, url: /http:\/\/[\d.:]+/.exec(line)?.[0], stop };
  }

  /** Runs a command line that is expected to end by itself. @param {...string} args */
  async function runToEnd(...args) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (chunk) => (errors += chunk));
    const [code] = await once(child, "close");
    return { code, errors };
  }

  test("close drops hanging connections and running delays at once, and may be called twice", async () => {
    const other = await startSimulator();
    other.control.fault({ action: { hang: true } });
    other.control.fault({ match: { nth: 2 }, action: { delayMs: 60_000 } });
    const pending = [api("GET", "/users", { from: other }), api("GET", "/users", { from: other })];
    const ended = Promise.allSettled(pending);
    await until(() => other.control.calls().length === 2);
    const startedAt = Date.now();
    await Promise.all([other.close(), other.close()]);
    assert.ok(Date.now() - startedAt < 2000);
    assert.ok((await ended).every(({ status }) => status === "rejected"));
  });

  test("users, roles, passwords and signing keys survive a restart", async () => {
    const file = join(folder, "new", "state.json");
    const first = await run("--port", "0", "--state", file);
    const from = { url: first.url };
    await fetch(`${first.url}/__sim/users`, {
      method: "POST",
      body: JSON.stringify({ users: [{ email: "a@example.com", roles: [{ id: "r", name: "Gate" }] }] }),
    });
    await api("POST", "/users", { from, body: newUser("b@example.com") });
    const keys = await (await fetch(first.url + JWKS)).text();
    // saved soon, not only at the end
    await until(async () => JSON.parse(await readFile(file, "utf8").catch(() => "null"))?.directory.users.length === 2);
    await api("POST", "/users", { from, body: newUser("c@example.com") });
    assert.equal(await first.stop("SIGTERM"), 0);
    assert.deepEqual(await readdir(join(folder, "new")), ["state.json"]);
    assert.equal((await stat(file)).mode & 0o077, 0, "it holds passwords and keys");

    const second = await run("--port", "0", "--state", file);
    assert.equal(await (await fetch(second.url + JWKS)).text(), keys);
    const { json } = await api("GET", "/users?customerId=cust-1", { from: { url: second.url } });
    assert.deepEqual(
      json.data.map((/** @type {{email: string, roles: string}} */ user) => [user.email, user.roles]),
      [
        ["a@example.com", [{ id: "r", name: "Gate" }]],
        ["b@example.com", []],
        ["c@example.com", []],
      ],
    );
    const proof = await api("POST", "/auth/token", {
      from: { url: second.url },
      body: { username: "c@example.com", password: PASSWORD },
    });
    assert.equal(proof.status, 200);
    assert.equal(await second.stop("SIGINT"), 0);
  });

  test("one line says where it listens; what can't work is explained", async () => {
    const running = await run("--port", "0");
    assert.equal(running.line.trimEnd().split("\n").length, 1);
    const broken = join(folder, "broken.json");
    await writeFile(broken, "{");
    const [busy, unknown, unreadable] = await Promise.all([
      runToEnd("--port", new URL(String(running.url)).port),
      runToEnd("--prot", "1"),
      runToEnd("--port", "0", "--state", broken),
    ]);
    assert.equal(busy.code, 1);
    assert.match(busy.errors, /^Port \d+ on 127\.0\.0\.1 is busy: .*\n$/);
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /usage:/);
    assert.equal(unreadable.code, 1);
    assert.match(unreadable.errors, /broken\.json is not a simulator state/);
    assert.equal(await readFile(broken, "utf8"), "{", "and left as it was");
    await running.stop("SIGTERM");
  });
});
