/** The rules for Prometheus: each is checked to fire, by Prometheus' own tool where there is one. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { execa } from "execa";
// @ts-expect-error comes without types, with openapi-typescript
import { load } from "js-yaml";

const FOLDER = fileURLToPath(new URL("../docs/monitoring/", import.meta.url));
const read = (/** @type {string} */ name) => readFileSync(`${FOLDER}${name}`, "utf8");

/** @type {{groups: {rules: {alert: string, annotations: {action: string}}[]}[]}} */
const { groups } = load(read("alerts.yml"));
const rules = groups.flatMap((group) => group.rules);

test("each rule says what to do and is seen to fire", () => {
  const tests = read("alerts.test.yml");
  for (const { alert, annotations } of rules) {
    assert.ok(annotations.action.length > 0, alert);
    assert.ok(tests.includes(`{alertname="${alert}"}`), alert);
  }
});

const promtool = await execa("promtool", ["--version"], { reject: false });
const skip = promtool.failed && "promtool is not installed";

test("Prometheus reads the rules, and they fire when they should", { skip }, async () => {
  await execa("promtool", ["check", "rules", "alerts.yml"], { cwd: FOLDER });
  await execa("promtool", ["test", "rules", "alerts.test.yml"], { cwd: FOLDER });
});
