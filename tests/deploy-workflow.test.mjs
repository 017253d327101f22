/** The workflow that tests and deploys: what it calls exists, and it cannot do more than it has to. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { execa } from "execa";
// @ts-expect-error comes without types, with openapi-typescript
import { load } from "js-yaml";

import { PERMISSIONS } from "../dev/doctor/account.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (/** @type {string} */ name) => readFileSync(`${ROOT}${name}`, "utf8");
const TEXT = read(".github/workflows/deploy.yml");

/**
 * @typedef {{uses?: string, run?: string, if?: string, with?: Record<string, unknown>, env?: object}} Step
 * @typedef {{needs?: string, if?: string, permissions?: object, env?: Record<string, string>, concurrency: any, steps: Step[]}} Job
 * @type {{on: any, permissions: object, jobs: {test: Job, deploy: Job}}}
 */
const workflow = load(TEXT);
const { test: testing, deploy } = workflow.jobs;
const commands = [testing, deploy].map(({ steps }) => steps.flatMap(({ run }) => (run ? [run] : [])));

test("it tests, and then deploys: doctor, tables, Worker, doctor", () => {
  assert.deepEqual(commands, [
    ["npm test"],
    [
      "npm run build",
      "npm run doctor -- --before",
      "npx wrangler d1 migrations apply DB --remote",
      "npx wrangler deploy",
      "npm run doctor -- --wait 120",
    ],
  ]);
  assert.equal(deploy.needs, "test");
  assert.match(String(deploy.if), /refs\/heads\/main/);
  assert.match(String(deploy.if), /!= 'pull_request'/);
});

test("what it calls exists", async () => {
  const { scripts } = JSON.parse(read("package.json"));
  const { stdout: help } = await execa(process.execPath, [`${ROOT}dev/doctor.mjs`, "--help"]);
  for (const command of commands.flat()) {
    const [, script, args = ""] = /^npm (?:run )?(\w+)(?: -- (.*))?$/.exec(command) ?? [];
    if (script) {
      assert.ok(script in scripts, command);
      for (const [option] of args.matchAll(/--\w+/g)) assert.ok(help.includes(`  ${option} `), command);
      continue;
    }
    const [, line = ""] = /^npx wrangler (.*)$/.exec(command) ?? [];
    const words = line.split(" ").filter((one) => /^[a-z0-9]+$/.test(one));
    const options = [...line.matchAll(/--\w+/g)].map(([option]) => option);
    const { stdout, exitCode } = await execa(process.execPath, [
      `${ROOT}node_modules/wrangler/bin/wrangler.js`,
      ...words,
      "--help",
    ]);
    assert.equal(exitCode, 0, command);
    assert.match(stdout, new RegExp(`^wrangler ${words.join(" ")}`, "m"));
    for (const option of options) assert.ok(stdout.includes(`${option} `), `${command}: ${option}`);
  }
});

test("two deployments never overlap, and none is cut off", () => {
  assert.deepEqual(deploy.concurrency, { group: "deploy", "cancel-in-progress": false });
});

test("it may read the repository and nothing else", () => {
  assert.deepEqual(workflow.permissions, { contents: "read" });
  for (const job of [testing, deploy]) {
    assert.equal(job.permissions, undefined);
    for (const { uses, with: inputs } of job.steps) {
      if (uses) assert.match(uses, /^actions\/[\w-]+@(v\d+|[0-9a-f]{40})$/);
      if (uses?.startsWith("actions/checkout@")) assert.equal(inputs?.["persist-credentials"], false);
    }
  }
  assert.ok(!("pull_request_target" in workflow.on));
});

/** As a workflow reads it. @param {string} name */
const secret = (name) => `\${{ secrets.${name} }}`;

test("its secrets reach the deployment alone, and stand in no command", () => {
  assert.deepEqual(deploy.env, {
    CLOUDFLARE_API_TOKEN: secret("CLOUDFLARE_API_TOKEN"),
    CLOUDFLARE_ACCOUNT_ID: secret("CLOUDFLARE_ACCOUNT_ID"),
  });
  assert.equal(TEXT.match(/secrets\./g)?.length, 2);
  assert.ok(commands.flat().every((command) => !command.includes("${{")));
});

test("it and the guide say what the token has to be permitted", () => {
  for (const permission of Object.values(PERMISSIONS)) {
    assert.ok(TEXT.includes(`"${permission}"`), permission);
    assert.ok(read("docs/DEPLOY.md").includes(permission), permission);
  }
});
