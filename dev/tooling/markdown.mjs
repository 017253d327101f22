// Finds the code in a Markdown page.

/**
 * @param {string} page
 * @param {string} heading a whole line, "## Title"
 * @returns {{language: string, code: string}[]} the fenced blocks up to the next heading of that level
 */
export function codeUnder(page, heading) {
  const [, after = ""] = page.split(`\n${heading}\n`, 2);
  const level = heading.indexOf(" ");
  const blocks = [];
  for (const [, language, code, marks] of after.matchAll(/^(?:```(\w+)\n([\s\S]*?)^```$|(#+) )/gm)) {
    if (marks && marks.length <= level) break;
    if (language && code) blocks.push({ language, code });
  }
  return blocks;
}
