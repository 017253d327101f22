/** What packages are used, and how `npm run audit` reads what is known against them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "smol-toml";

import { judgeAdvisories, judgeNpm } from "../dev/audit.mjs";

const read = (/** @type {string} */ path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** @param {any} manifest @returns {[string, string][]} */
function requirements(manifest) {
  const tables = [manifest, ...Object.values(manifest.target ?? {})];
  const dependencies = tables.flatMap((table) =>
    ["dependencies", "dev-dependencies", "build-dependencies"].flatMap((kind) => Object.entries(table[kind] ?? {})),
  );
  return dependencies.map(([name, value]) => [name, typeof value === "string" ? value : (value.version ?? "")]);
}

test("versions before a release are pinned exactly, as the next one may change anything", () => {
  const all = ["Cargo.toml", "fuzz/Cargo.toml"].flatMap((path) => requirements(parse(read(path))));
  assert.ok(all.length > 30);
  const early = all.filter(([, version]) => version.includes("-"));
  assert.ok(early.length > 0);
  for (const [name, version] of early) assert.match(version, /^=/, name);
});

test("npm packages are pinned exactly", () => {
  for (const path of ["package.json", "tests/clients/package.json"]) {
    const { dependencies, devDependencies } = JSON.parse(read(path));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      assert.match(String(version), /^\d/, `${path}: ${name}`);
    }
  }
});

test("advisories that could not be fetched are not taken for none, nor for findings", () => {
  assert.equal(judgeAdvisories({ code: 0, output: "advisories ok\n" }), "clean");
  assert.equal(judgeAdvisories({ code: 1, output: "error[vulnerability]: …\n\nadvisories FAILED\n" }), "findings");
  const offline = "[ERROR] failed to fetch advisory database https://github.com/RustSec/advisory-db\n";
  assert.equal(judgeAdvisories({ code: 1, output: offline }), "unseen");
  assert.equal(judgeAdvisories({ code: 2, output: "error: unexpected argument" }), "findings");
  assert.equal(judgeAdvisories({ code: null, output: "" }), "findings");

  const npm = (/** @type {unknown} */ answer) => judgeNpm({ stdout: JSON.stringify(answer) });
  assert.equal(npm({ auditReportVersion: 2, vulnerabilities: {}, metadata: { vulnerabilities: { total: 0 } } }), "clean");
  assert.equal(npm({ auditReportVersion: 2, metadata: { vulnerabilities: { high: 1, total: 1 } } }), "findings");
  assert.equal(npm({ message: "405 Method Not Allowed", error: { summary: "" } }), "unseen");
  assert.equal(judgeNpm({ stdout: "" }), "unseen");
});
