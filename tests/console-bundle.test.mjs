/** What the console's bundle weighs and holds: what a browser is sent, before it has signed in, too. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { buildConsole } from "../dev/tooling/console.mjs";
import { inRoot } from "../dev/tooling/paths.mjs";

const KIB = 1024;
/** Script that is loaded before the first page shows. */
const MOST_SCRIPT = 45_000;
/** The same with the pages for running the place. */
const MOST_SCRIPT_OF_ALL = 60_000;
const MOST_STYLE = 10 * KIB;

describe("the console's bundle", () => {
  /** @type {string} */
  let assets;
  /** @type {Map<string, string>} by name */
  let files;
  /** @type {string} the page that loads them */
  let page;

  before(async () => {
    assets = mkdtempSync(join(tmpdir(), "spkey-console-"));
    await buildConsole(assets);
    const folder = join(assets, "console", "assets");
    files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
    page = readFileSync(join(assets, "console", "index.html"), "utf8");
  });
  after(() => rmSync(assets, { recursive: true, force: true }));

  /** All files of a kind together. @param {string} ending @param {(name: string) => boolean} [which] */
  const weight = (ending, which = () => true) => {
    const texts = [...files].filter(([name]) => name.endsWith(ending) && which(name)).map(([, text]) => text);
    return texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
  };

  test("the script that is loaded with the page has at most 45 KB, gzipped, that of all pages 60 KB", () => {
    const first = weight(".js", (name) => page.includes(name));
    assert.ok(first > 8 * KIB, `${first} bytes: nothing was bundled`);
    assert.ok(first <= MOST_SCRIPT, `${first} bytes`);
    const all = weight(".js");
    assert.ok(all > first && all <= MOST_SCRIPT_OF_ALL, `${all} bytes`);
  });

  test("the styles of all pages together have at most 10 KiB, gzipped", () => {
    const all = weight(".css");
    assert.ok(all > KIB && all <= MOST_STYLE, `${all} bytes`);
  });

  test("a class has one meaning: no two rules lay it out anew", () => {
    const folder = inRoot("console", "src", "styles");
    const rules = /** @type {Map<string, string[]>} */ (new Map());
    for (const name of readdirSync(folder)) {
      // What a rule in @media adds is for another screen.
      const text = readFileSync(join(folder, name), "utf8").replace(/\/\*.*?\*\/|@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}/gs, "");
      for (const [, selectors = "", body = ""] of text.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
        if (!/\b(display|grid-template-columns|position):/.test(body)) continue;
        for (const selector of selectors.split(",").map((part) => part.trim()))
          if (/^\.[\w-]+$/.test(selector)) rules.set(selector, [...(rules.get(selector) ?? []), name]);
      }
    }
    assert.ok(rules.size > 20, "rules were found");
    assert.deepEqual(
      [...rules].filter(([, places]) => places.length > 1),
      [],
    );
  });

  test("names hold hashes, as files may be cached for ever, and the page refers to what it needs", () => {
    for (const name of files.keys()) assert.match(name, /-[0-9A-Z]{8}\.(js|css)$/);
    const later = [...files.keys()].filter((name) => !page.includes(`"/console/assets/${name}"`));
    assert.deepEqual(
      later.map((name) => name.split("-")[0]),
      ["place"],
    );
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
