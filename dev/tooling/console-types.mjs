// The console's types of the API, generated from openapi.json and checked in.

import { readFile, writeFile } from "node:fs/promises";
import { inRoot } from "./paths.mjs";

const TYPES = inRoot("console", "src", "api.d.ts");

async function generate() {
  const { astToString, COMMENT_HEADER, default: openapiTS } = await import("openapi-typescript");
  // A field of a request that has a default may be left out.
  const document = JSON.parse(await readFile(inRoot("openapi.json"), "utf8"));
  return `${COMMENT_HEADER}${astToString(await openapiTS(document, { defaultNonNullable: false }))}`;
}

export async function writeConsoleTypes() {
  await writeFile(TYPES, await generate());
}

/** Whether they are those of the present openapi.json. */
export async function consoleTypesAreFresh() {
  return (await generate()) === (await readFile(TYPES, "utf8").catch(() => ""));
}
