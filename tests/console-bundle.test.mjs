/** What the console's bundle weighs and holds: everything a browser is sent, before it has signed in. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { buildConsole } from "../dev/tooling/console.mjs";

const KIB = 1024;

describe("the console's bundle", () => {
  /** @type {string} */
  let assets;
  /** @type {Map<string, string>} by name */
  let files;

  before(async () => {
    assets = mkdtempSync(join(tmpdir(), "spkey-console-"));
    await buildConsole(assets);
    const folder = join(assets, "console", "assets");
    files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  });
  after(() => rmSync(assets, { recursive: true, force: true }));

  /** @param {string} ending */
  const only = (ending) => {
    const found = [...files].filter(([name]) => name.endsWith(ending));
    assert.equal(found.length, 1, `one ${ending} of ${[...files.keys()]}`);
    return /** @type {[string, string]} */ (found[0]);
  };
  /** @param {string} text */
  const weight = (text) => gzipSync(text, { level: 9 }).length;

  test("the script has at most 45 KiB, the styles 10, gzipped", () => {
    const [script, styles] = [weight(only(".js")[1]), weight(only(".css")[1])];
    assert.ok(script <= 45 * KIB, `script: ${script} bytes`);
    assert.ok(styles <= 10 * KIB, `styles: ${styles} bytes`);
    assert.ok(script > 8 * KIB && styles > KIB, "something was bundled");
  });

  test("their names hold their hashes, as they may be cached for ever, and the page refers to them", () => {
    const page = readFileSync(join(assets, "console", "index.html"), "utf8");
    for (const ending of [".js", ".css"]) {
      const [name] = only(ending);
      assert.match(name, /^main-[0-9A-Z]{8}\./);
      assert.ok(page.includes(`"/console/assets/${name}"`), page);
    }
    assert.match(page, /<html lang="en">/);
    // What the CSP refuses: script or style in the page itself.
    assert.doesNotMatch(page, /<script(?![^>]* src=)|<style| style=| on[a-z]+=/);
  });

  test("no address of another host is in them, but the names of XML's namespaces", () => {
    for (const [name, text] of files) {
      const hosts = [...text.matchAll(/https?:\/\/[^\s"'`)]+/g)].map(([address]) => address);
      const foreign = hosts.filter((address) => !address.startsWith("http://www.w3.org/"));
      assert.deepEqual(foreign, [], name);
    }
  });

  test("the headers hold a policy without exceptions", () => {
    const headers = readFileSync(join(assets, "_headers"), "utf8");
    const policy = headers.match(/Content-Security-Policy: (.*)/)?.[1] ?? "";
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    const wanted = ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"];
    for (const directive of wanted) assert.ok(policy.split("; ").includes(directive), directive);
  });
});
