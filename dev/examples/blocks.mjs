// The examples of the documents: finds them, runs them.

import { readFileSync } from "node:fs";
import { codeUnder } from "../tooling/markdown.mjs";
import { inRoot } from "../tooling/paths.mjs";
import { run } from "../tooling/run.mjs";
import { Failure } from "../tooling/say.mjs";

export const README = "README.md";
export const API = "docs/API.md";

const LIMIT_MS = 60_000;

/**
 * @param {string} page path below the root
 * @param {string} chapter a whole line of that page, "## Title"
 * @returns {(language: string, word: string) => string} the one block in that language that has the word
 */
export function readBlocks(page, chapter) {
  const blocks = codeUnder(readFileSync(inRoot(page), "utf8"), chapter);
  return (language, word) => {
    const [found, ...more] = blocks.filter((block) => block.language === language && block.code.includes(word));
    if (!found || more.length > 0) throw new Failure(`${page} has not one ${language} block with ${word} under "${chapter}"`);
    return found.code;
  };
}

/** What a program prints. @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} env @param {string} [cwd] */
export async function output(command, args, env, cwd) {
  return (await run(command, args, { env, cwd, timeoutMs: LIMIT_MS })).stdout;
}
