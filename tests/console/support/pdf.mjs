/** The text of a PDF that Chromium made. */

import { inflateSync } from "node:zlib";

/** @param {Buffer} pdf @returns {string} without spaces, which a PDF need not hold between words, and without ligatures */
export function textOf(pdf) {
  const objects = objectsOf(pdf);
  const fonts = new Map(
    [...objects.values()].flatMap(({ head }) =>
      [...head.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, id]) => /** @type {const} */ ([name, lettersOf(objects, id)])),
    ),
  );
  let text = "";
  for (const { content } of objects.values()) {
    let font = fonts.get("");
    for (const [, name, glyphs] of content.matchAll(/\/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>/g)) {
      if (name) font = fonts.get(name);
      for (const glyph of glyphs?.match(/.{4}/g) ?? []) text += font?.get(Number.parseInt(glyph, 16)) ?? "";
    }
  }
  return text.replaceAll(/\s/g, "").replaceAll(/[\ufb00-\ufb06]/g, (ligature) => ligature.normalize("NFKC"));
}

/** @typedef {Map<string, {head: string, content: string}>} Objects by number: the dictionary, and the stream decompressed */

/** @param {Buffer} pdf @returns {Objects} */
function objectsOf(pdf) {
  const bytes = pdf.toString("latin1");
  const objects = [...bytes.matchAll(/(?:^|\n)(\d+) 0 obj\r?\n([\s\S]*?)(?:stream\r?\n([\s\S]*?)\r?\nendstream\s*)?endobj/g)];
  return new Map(objects.map(([, id, head, stream = ""]) => [id, { head, content: contentOf(head, stream) }]));
}

/** @param {string} head @param {string} stream */
function contentOf(head, stream) {
  if (!head.includes("FlateDecode") || head.includes("/Subtype /Image")) return stream;
  try {
    return inflateSync(Buffer.from(stream, "latin1")).toString("latin1");
  } catch {
    return ""; // a font or a picture
  }
}

/** Which letter each glyph of a font stands for. @param {Objects} objects @param {string} id @returns {Map<number, string>} */
function lettersOf(objects, id) {
  const table = /\/ToUnicode (\d+) 0 R/.exec(objects.get(id)?.head ?? "")?.[1];
  const map = table ? (objects.get(table)?.content ?? "") : "";
  const letters = new Map();
  const number = (/** @type {string} */ hex) => Number.parseInt(hex, 16);
  for (const [, block] of map.matchAll(/beginbfchar([\s\S]*?)endbfchar/g))
    for (const [, glyph, letter] of block.matchAll(/<(\w+)> <(\w{4})\w*>/g))
      letters.set(number(glyph), String.fromCharCode(number(letter)));
  for (const [, block] of map.matchAll(/beginbfrange([\s\S]*?)endbfrange/g))
    for (const [, first, last, letter] of block.matchAll(/<(\w+)> <(\w+)> <(\w{4})>/g))
      for (let glyph = number(first); glyph <= number(last); glyph += 1)
        letters.set(glyph, String.fromCharCode(number(letter) + glyph - number(first)));
  return letters;
}
