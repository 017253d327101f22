// Secrets at rest: AES-256-GCM by WebCrypto, in the very form that the Rust Worker stores, so that both read the same rows:
// v2.<first 8 hex digits of the key's SHA-256>.<base64url(nonce || ciphertext || tag)>, under a key derived from it.

/** What a secret is for; it opens for nothing else. */
export type Purpose = "3deye-password" | "totp-secret";

const NONCE_BYTES = 12;
const LENGTH = 20;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!";

export class Sealer {
  private constructor(
    private readonly key: CryptoKey,
    private readonly id: string,
  ) {}

  static async create(encoded: string): Promise<Sealer> {
    const raw = Uint8Array.fromBase64(encoded);
    const [secret, hash] = await Promise.all([
      crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]),
      crypto.subtle.digest("SHA-256", raw),
    ]);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const derivation = { name: "HKDF", hash: "SHA-256", salt: bytes("spkey-edge"), info: bytes("sealing") };
    const aes = { name: "AES-GCM", length: 256 };
    const key = await crypto.subtle.deriveKey(derivation, secret, aes, false, ["encrypt", "decrypt"]);
    return new Sealer(key, new Uint8Array(hash, 0, 4).toHex());
  }

  async seal(purpose: Purpose, userId: string, secret: string): Promise<string> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(parameters(nonce, purpose, userId), this.key, new TextEncoder().encode(secret));
    const whole = new Uint8Array(NONCE_BYTES + sealed.byteLength);
    whole.set(nonce);
    whole.set(new Uint8Array(sealed), NONCE_BYTES);
    return `v2.${this.id}.${whole.toBase64({ alphabet: "base64url", omitPadding: true })}`;
  }

  async open(purpose: Purpose, userId: string, sealed: string): Promise<string> {
    const [version, id, body = ""] = sealed.split(".");
    if (version !== "v2" || id !== this.id) throw new Error("sealed under an unknown key");
    const whole = Uint8Array.fromBase64(body, { alphabet: "base64url" });
    const plain = await crypto.subtle.decrypt(
      parameters(whole.subarray(0, NONCE_BYTES), purpose, userId),
      this.key,
      whole.subarray(NONCE_BYTES),
    );
    return new TextDecoder().decode(plain);
  }
}

const parameters = (iv: Uint8Array, purpose: Purpose, userId: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(`spkey-edge/${purpose}/${userId}`),
});

/** What 3dEye asks of a password: 20 characters of four kinds. */
export function newPassword(): string {
  for (;;) {
    // 198 is a multiple of 66: no character is likelier than another.
    const bytes = [...crypto.getRandomValues(new Uint8Array(2 * LENGTH))].filter((byte) => byte < 198).slice(0, LENGTH);
    const text = bytes.map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
    if (text.length === LENGTH && [/[A-Z]/, /[a-z]/, /\d/, /[-_.!]/].every((kind) => kind.test(text))) return text;
  }
}
