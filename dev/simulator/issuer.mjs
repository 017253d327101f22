/** The token issuer's keys and the document that publishes them. Tokens are made in `mint.mjs`. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";

/**
 * @typedef {"RS256" | "ES256"} SigningAlg
 * @typedef {import("node:crypto").KeyObject} KeyObject
 * @typedef {{kid: string, privateKey: KeyObject}} SigningKey
 * @typedef {Record<SigningAlg, {kid: string, privateJwk: import("node:crypto").JsonWebKey}>} SavedKeys
 */

/** @type {SigningAlg[]} */
const ALGS = ["RS256", "ES256"];

export class Issuer {
  /** @type {Record<SigningAlg, SigningKey>} */
  #published;
  /** @type {Partial<Record<SigningAlg, KeyObject>>} */
  #foreign = {};

  /** @param {SavedKeys} [saved] keys of an earlier run, so that its tokens stay valid */
  constructor(saved) {
    this.#published = saved ? perAlg((alg) => restoreKey(saved[alg])) : perAlg(newKey);
  }

  jwks() {
    return {
      keys: ALGS.map((alg) => {
        const { kid, privateKey } = this.#published[alg];
        return { kid, alg, use: "sig", ...createPublicKey(privateKey).export({ format: "jwk" }) };
      }),
    };
  }

  /** Publishes fresh keys under new ids and drops the old ones. */
  rotate() {
    this.#published = perAlg(newKey);
  }

  /** @param {SigningAlg} alg */
  publishedKey(alg) {
    return this.#published[alg];
  }

  /**
   * A key that no document ever publishes; made when an attack is first asked for, because an RSA pair takes its time.
   * @param {SigningAlg} alg
   * @returns {KeyObject}
   */
  foreignKey(alg) {
    this.#foreign[alg] ??= newKey(alg).privateKey;
    return this.#foreign[alg];
  }

  /** @returns {SavedKeys} */
  snapshot() {
    return perAlg((alg) => {
      const { kid, privateKey } = this.#published[alg];
      return { kid, privateJwk: privateKey.export({ format: "jwk" }) };
    });
  }
}

/**
 * @template T
 * @param {(alg: SigningAlg) => T} make
 * @returns {Record<SigningAlg, T>}
 */
const perAlg = (make) => ({ RS256: make("RS256"), ES256: make("ES256") });

/**
 * @param {SigningAlg} alg
 * @returns {SigningKey}
 */
function newKey(alg) {
  const { privateKey } =
    alg === "RS256" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid: `sim-${alg.toLowerCase()}-${randomBytes(4).toString("hex")}`, privateKey };
}

/**
 * @param {{kid: string, privateJwk: import("node:crypto").JsonWebKey}} saved
 * @returns {SigningKey}
 */
const restoreKey = ({ kid, privateJwk }) => ({ kid, privateKey: createPrivateKey({ key: privateJwk, format: "jwk" }) });
