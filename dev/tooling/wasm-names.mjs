// The functions of a module of WebAssembly, and their names: its custom section "name" (WebAssembly Core Specification, 5.5 and
// appendix "Custom Sections").

const CUSTOM = 0;
const CODE = 10;
const FUNCTION_NAMES = 1;
const HEADER_BYTES = 8;

/** @param {Buffer} wasm @returns {Map<number, string>} by the function's index */
export function namesOf(wasm) {
  for (const { id, section } of sectionsOf(wasm)) if (id === CUSTOM && section.text() === "name") return functionNames(section);
  return new Map();
}

/** @param {Buffer} wasm @returns {Buffer[]} the code of each function; those that are imported have none and come first */
export function bodiesOf(wasm) {
  for (const { id, section } of sectionsOf(wasm))
    if (id === CODE) return Array.from({ length: section.number() }, () => section.bytes(section.number()));
  return [];
}

/** @param {Buffer} wasm */
function* sectionsOf(wasm) {
  const module = new Reader(wasm.subarray(HEADER_BYTES));
  while (module.hasMore()) yield { id: module.byte(), section: new Reader(module.bytes(module.number())) };
}

/** A trace in which `wasm-function[7]` has its name. @param {string} trace @param {Map<number, string>} names */
export const named = (trace, names) =>
  trace.replace(/wasm-function\[(\d+)\]/g, (number, index) => names.get(Number(index)) ?? number);

/**
 * The crate that a function is of, and the room of ours. Of generic code that is the crate which wrote it.
 * @param {string} name of the function
 */
export function ownerOf(name) {
  const [, crate = "none", room] = name.match(/([a-z]\w*)(?:\[[0-9a-f]+\])?::(?:(\w+)::)?/) ?? [];
  return crate === "spkey_edge" && room ? `${crate}::${room}` : crate;
}

/** @param {Reader} section */
function functionNames(section) {
  const names = new Map();
  while (section.hasMore()) {
    const id = section.byte();
    const part = new Reader(section.bytes(section.number()));
    if (id !== FUNCTION_NAMES) continue;
    for (let left = part.number(); left > 0; left -= 1) names.set(part.number(), part.text());
  }
  return names;
}

class Reader {
  #at = 0;

  /** @param {Buffer} buffer */
  constructor(buffer) {
    this.buffer = buffer;
  }

  hasMore() {
    return this.#at < this.buffer.length;
  }

  byte() {
    return this.buffer.readUInt8(this.#at++);
  }

  /** @param {number} length */
  bytes(length) {
    this.#at += length;
    return this.buffer.subarray(this.#at - length, this.#at);
  }

  /** In LEB128, unsigned. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  text() {
    return this.bytes(this.number()).toString("utf8");
  }
}
