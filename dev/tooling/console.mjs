// Bundles the operator's console into build/assets/, from where Cloudflare serves it beside the Worker, and puts the
// description of the API beside it.

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { inRoot } from "./paths.mjs";
import { Failure } from "./say.mjs";

const ENTRY = "console/src/main.tsx";
const ASSETS = inRoot("build", "assets");

/** Options that the unit tests of the console bundle with as well. @satisfies {import("esbuild").BuildOptions} */
export const BUNDLE = {
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "transform",
  jsxFactory: "jsxFactory",
  jsxFragment: "jsxFragment",
  inject: [inRoot("console", "src", "jsx.ts")],
  // The options of the language are those of tsconfig.console.json, which esbuild does not look for.
  tsconfigRaw: "{}",
};

/**
 * Writes it whole: what an earlier build left is removed.
 * @param {string} [assets]
 */
export async function buildConsole(assets = ASSETS) {
  const { build } = await import("esbuild"); // comes with the packages
  rmSync(assets, { recursive: true, force: true });
  const { metafile } = await build({
    ...BUNDLE,
    absWorkingDir: inRoot(),
    entryPoints: [ENTRY],
    outdir: join(assets, "console", "assets"),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    splitting: true,
    minify: true,
    metafile: true,
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  });
  const script = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === ENTRY);
  const styles = script?.[1].cssBundle;
  if (!script || !styles) throw new Failure("The console was bundled without a script or without styles");
  mkdirSync(join(assets, "console"), { recursive: true });
  const needed = script[1].imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => basename(path));
  writeFileSync(join(assets, "console", "index.html"), page(basename(script[0]), basename(styles), needed));
  cpSync(inRoot("console", "_headers"), join(assets, "_headers"));
  cpSync(inRoot("openapi.json"), join(assets, "openapi.json"));
}

/** @param {string} script @param {string} styles @param {string[]} needed by the script, and so loaded beside it */
const page = (script, styles, needed) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>SmartphoneKey console</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/console/assets/${styles}">
${needed.map((name) => `<link rel="modulepreload" href="/console/assets/${name}">\n`).join("")}<script type="module" src="/console/assets/${script}"></script>
</head>
<body>
<div id="console"></div>
<noscript>The console needs JavaScript.</noscript>
</body>
</html>
`;
