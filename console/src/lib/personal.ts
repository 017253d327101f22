// What tells who a person is: an e-mail or a phone number. No address and no storage holds one.

/** Ids of ours and of the identity provider, and dates: they may have as many digits. */
const IDS = /^[\da-f-]{36}$|[\dA-Z]{26}$|\||^\d{4}-\d\d-\d\d(T|$)/i;

/** Seven digits or more without a letter between them. */
const PHONE = /(\p{N}[^\p{L}\p{N}]*){7}/u;

/** As strict as the service, which masks such texts and refuses them in addresses. */
export function isPersonal(text: string): boolean {
  const words = text.split(/[\s,;]+/).filter((word) => !IDS.test(word));
  return text.includes("@") || PHONE.test(words.join(" "));
}
