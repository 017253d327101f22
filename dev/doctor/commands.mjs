// The commands that are printed. They are copied into a shell, so whatever others wrote is quoted.

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { printable } from "./finding.mjs";

/** One word to a shell, whatever is in it. @param {string} text */
export function word(text) {
  const safe = printable(text);
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** A file as it is named from here, or in full where that is elsewhere. @param {string} file */
export function placeOf(file) {
  const place = relative(process.cwd(), file);
  return place.startsWith("..") ? file : place;
}

export class Commands {
  #options;

  /** @param {{config?: string, env?: string}} options which were given to the doctor */
  constructor({ config, env }) {
    this.#options = [...(config ? ["--config", word(config)] : []), ...(env ? ["--env", word(env)] : [])];
  }

  /** @param {...string} args */
  wrangler(...args) {
    return ["npx wrangler", ...args, ...this.#options].join(" ");
  }

  login = () => "npx wrangler login";
  build = () => "npm run build";
  deploy = () => this.wrangler("deploy");
  migrate = () => this.wrangler("d1 migrations apply DB --remote");

  /** @param {string} name */
  putSecret = (name) => this.wrangler("secret put", word(name));

  /** Writes a setting into wrangler.toml; an empty value takes it out. @param {string} name @param {string} value */
  set = (name, value) => ["npm run set --", word(`${name}=${value}`), ...this.#options].join(" ");

  /** @param {string} file */
  edit = (file) => `\${EDITOR:-vi} ${word(placeOf(file))}`;

  /** Appends a table to wrangler.toml, or opens it where the table is there already. @param {string[]} lines @param {string} file */
  append(lines, file) {
    const [header = ""] = lines;
    const isThere = !header.startsWith("[[") && readFileSync(file, "utf8").includes(`\n${header}`);
    return isThere ? this.edit(file) : `printf '%s\\n' '' ${lines.map(word).join(" ")} >> ${word(placeOf(file))}`;
  }

  /** @param {string} address */
  browse = (address) => `${process.platform === "darwin" ? "open" : "xdg-open"} ${word(address)}`;

  /** @param {string} url */
  look = (url) => `curl -sSi --max-time 10 ${word(url)}`;
}
