/** What the console's bundle weighs and holds: everything a browser is sent, before it has signed in. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { buildConsole } from "../dev/tooling/console.mjs";
import { inRoot } from "../dev/tooling/paths.mjs";

const KIB = 1024;
/** Script that a page may need before it is shown, whichever page it is. */
const MOST_SCRIPT = 45 * KIB;
const MOST_STYLE = 10 * KIB;

describe("the console's bundle", () => {
  /** @type {string} */
  let assets;
  /** @type {Map<string, string>} by name */
  let files;
  /** @type {import("esbuild").Metafile["outputs"]} by name */
  let outputs;

  before(async () => {
    assets = mkdtempSync(join(tmpdir(), "spkey-console-"));
    const metafile = await buildConsole(assets);
    outputs = Object.fromEntries(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
    const folder = join(assets, "console", "assets");
    files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  });
  after(() => rmSync(assets, { recursive: true, force: true }));

  /** @param {RegExp} pattern */
  const named = (pattern) => {
    const found = [...files.keys()].filter((name) => pattern.test(name));
    assert.equal(found.length, 1, `one ${pattern} of ${[...files.keys()]}`);
    return /** @type {string} */ (found[0]);
  };
  /** @param {Iterable<string>} names */
  const weight = (names) => [...names].reduce((sum, name) => sum + gzipSync(files.get(name) ?? "", { level: 9 }).length, 0);

  /** The file, and what it cannot run without. @param {string} name @param {Set<string>} [seen] @returns {Set<string>} */
  const needed = (name, seen = new Set()) => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const { path, kind } of outputs[name]?.imports ?? []) {
      if (kind === "import-statement") needed(basename(path), seen);
    }
    return seen;
  };

  test("no page needs more than 45 KiB of script, gzipped", () => {
    const main = needed(named(/^main-.*\.js$/));
    const pages = Object.entries(outputs).filter(
      ([name, { entryPoint }]) => entryPoint && !main.has(name) && name.endsWith(".js"),
    );
    assert.ok(pages.length > 1, "pages are parts of their own");
    for (const [name] of pages) {
      const all = weight(new Set([...main, ...needed(name)]));
      assert.ok(all > 8 * KIB, `${name}: nothing was bundled`);
      assert.ok(all <= MOST_SCRIPT, `${name}: ${all} bytes`);
    }
  });

  test("the styles of all pages together have at most 10 KiB, gzipped", () => {
    const all = weight([named(/\.css$/)]);
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
    const page = readFileSync(join(assets, "console", "index.html"), "utf8");
    for (const name of [...needed(named(/^main-.*\.js$/)), named(/\.css$/)]) {
      assert.ok(page.includes(`"/console/assets/${name}"`), `${name} in ${page}`);
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
