// Modules of the console, bundled from their TypeScript for Node.

import { build } from "esbuild";
import { BUNDLE } from "../../dev/tooling/console.mjs";
import { inRoot } from "../../dev/tooling/paths.mjs";

/** What the modules of a folder export, together. @param {string} folder @param {string[]} names @returns {Promise<any>} */
export async function exportsOf(folder, names) {
  const { outputFiles } = await build({
    ...BUNDLE,
    stdin: {
      contents: names.map((name) => `export * from "./${name}";`).join("\n"),
      resolveDir: inRoot("console", "src", folder),
    },
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString("base64")}`);
}
