// The names of functions in a module of WebAssembly: its custom section "name" (WebAssembly Core Specification, appendix
// "Custom Sections").

const CUSTOM = 0;
const FUNCTION_NAMES = 1;
const HEADER_BYTES = 8;

/** @param {Buffer} wasm @returns {Map<number, string>} by the function's index */
export function namesOf(wasm) {
  const module = new Reader(wasm.subarray(HEADER_BYTES));
  while (module.hasMore()) {
    const id = module.byte();
    const section = new Reader(module.bytes(module.number()));
    if (id === CUSTOM && section.text() === "name") return functionNames(section);
  }
  return new Map();
}

/** A trace in which `wasm-function[7]` has its name. @param {string} trace @param {Map<number, string>} names */
export const named = (trace, names) =>
  trace.replace(/wasm-function\[(\d+)\]/g, (number, index) => names.get(Number(index)) ?? number);

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
