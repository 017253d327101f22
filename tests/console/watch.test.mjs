/** What holds every other check here: that nothing which goes wrong in a page goes unseen. */

import assert from "node:assert/strict";

import { until } from "../support/until.mjs";
import { consoleForThisFile } from "./support/console.mjs";

const check = await consoleForThisFile();

const MISHAPS = {
  "an error on the console": ["console.error('a mishap')", /console: a mishap/],
  "an error that nothing catches": ["void setTimeout(() => { throw new Error('a mishap'); })", /uncaught: Error: a mishap/],
  "a script in the page": [
    "{ const script = document.createElement('script'); try { script.src = 'data:text/javascript,'; } catch {} document.head.append(script); }",
    /violates the CSP: (script-src|require-trusted)/,
  ],
  "markup made of a text": [
    "{ try { document.body.innerHTML = '<b>x</b>'; } catch {} }",
    /violates the CSP: require-trusted-types-for/,
  ],
  "a style in the page": [
    "document.head.append(Object.assign(document.createElement('style'), { textContent: 'b{}' }))",
    /violates the CSP: style-src/,
  ],
  "a request to another host": [
    "void fetch('http://127.0.0.1:9/').catch(() => {})",
    /(violates the CSP: connect-src|asks a foreign place)/,
  ],
  "an answer that was not expected": ["void fetch('/no/such/path')", /404 GET \/no\/such\/path/],
};

for (const [name, [script, expected]] of Object.entries(MISHAPS)) {
  check(
    `${name} is noticed`,
    async ({ open, evaluate, browsing }) => {
      await open("#/");
      assert.deepEqual(browsing.mishaps([]), []);
      await evaluate(/** @type {string} */ (script));
      await until(() => browsing.mishaps([]).some((mishap) => /** @type {RegExp} */ (expected).test(mishap)), name);
      browsing.forget();
    },
    { operators: false },
  );
}
