// What a pasted text is about.

const EMAIL = /[^\s<>()[\]{}"'“”‘’,;:][^\s<>()[\]{}"“”,;:]*@[\p{L}\p{N}.-]*[\p{L}\p{N}]/gu;
// Of a subject such as `oidc|…` all of it is the id.
const ID = /(?<![\w|-])([\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|(?:run|req|a?key|op)_[\dA-Z]{26})(?![\w-])/g;

/** The one e-mail in a text, else the one id; the text itself if there is none, or several. */
export function identifierIn(text: string): string {
  const [first, ...others] = new Set(text.match(EMAIL) ?? text.match(ID));
  return first === undefined || others.length > 0 ? text.trim() : first;
}

/** The ids that are no user's: what has them, and where it is shown. */
const PAGES: Readonly<Record<string, readonly [what: string, address: string]>> = {
  run: ["a run", "runs/$"],
  req: ["a request", "audit?people=false&requestId=$"],
  key: ["an API key", "api-keys"],
  akey: ["an account key", "account-keys"],
  op: ["an operator", "audit?people=false&actor=operator:$"],
};

export function pageOf(id: string) {
  const [, kind = ""] = /^(run|req|a?key|op)_[\dA-Z]{26}$/.exec(id) ?? [];
  const page = PAGES[kind];
  return page && ([page[0], `#/${page[1].replace("$", id)}`] as const);
}
