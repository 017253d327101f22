// Codes of an authenticator (RFC 6238): SHA-1, six digits, steps of 30 s, one step either way.

const STEP_MS = 30_000;
type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The newest time step around `now` with this code. */
export async function stepOf(secret: string, code: string, now: number): Promise<number | null> {
  const key = await crypto.subtle.importKey("raw", base32(secret), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  const present = Math.floor(now / STEP_MS);
  const steps = [present + 1, present, present - 1];
  const codes = await Promise.all(steps.map((step) => codeOf(key, step)));
  return steps[codes.indexOf(code)] ?? null;
}

async function codeOf(key: HmacKey, step: number): Promise<string> {
  const message = new DataView(new ArrayBuffer(8));
  message.setBigUint64(0, BigInt(step));
  const hash = new DataView(await crypto.subtle.sign("HMAC", key, message));
  const offset = hash.getUint8(hash.byteLength - 1) & 0xf;
  return String((hash.getUint32(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Whole bytes, without padding. */
function base32(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of text) {
    held = (held << 5) | BASE32.indexOf(letter);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 0xff;
    }
  }
  return bytes;
}
