// Why a notice was not delivered: the status that the receiver answered, or what went wrong before.

interface Cause {
  means: string;
  doThis: string;
}

const ENGINEERS = "Tell the service’s engineers.";
const BY_ITSELF = "It is tried again by itself.";

const CAUSES: Readonly<Record<string, Cause>> = {
  timed_out: { means: "The receiver of notices did not answer in time.", doThis: BY_ITSELF },
  unreachable: { means: "The receiver of notices could not be reached.", doThis: BY_ITSELF },
  too_long: { means: "The receiver’s answer was too long.", doThis: ENGINEERS },
  unopened: { means: "The notice could not be opened with the keys there are.", doThis: `${ENGINEERS} A key was changed.` },
  no_key: { means: "There is no key to open it with.", doThis: `${ENGINEERS} A setting is missing.` },
  unsigned: { means: "It could not be signed.", doThis: `${ENGINEERS} A setting is missing.` },
};

export function causeOf(word: string): Cause {
  const known = CAUSES[word];
  if (known) return known;
  const status = /^\d{3}$/.test(word) ? Number(word) : null;
  if (status === null) return { means: `It failed: ${word}.`, doThis: BY_ITSELF };
  if (status === 401 || status === 403)
    return { means: `The receiver refuses us (${word}).`, doThis: `${ENGINEERS} The shared secret may differ.` };
  if (status === 429 || status >= 500) return { means: `The receiver has trouble (${word}).`, doThis: BY_ITSELF };
  return { means: `The receiver refuses it (${word}).`, doThis: ENGINEERS };
}
