// Why a call by `fetch` failed, in words: the name of the error alone says nothing of the cause. Messages are not shown, as they
// could quote a header or an address.

const NO_HTTP = "what answers does not speak HTTP";

/** What failed, by the names that the system, TLS and the HTTP client have for it; the first that fits. @type {[RegExp, string][]} */
const CAUSES = [
  [/^(ENOTFOUND|EAI_)/, "DNS finds no address for the host"],
  [/^ECONNREFUSED$/, "refused, nothing listens there"],
  [/^(ETIMEDOUT|UND_ERR_\w*TIMEOUT)$/, "no answer in time"],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, "the connection was cut"],
  [/^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/, "there is no way to the host"],
  [/CERT|SELF_SIGNED|ISSUER|^(UNABLE_TO_|ERR_TLS_)/, "TLS: the certificate is not accepted"],
  [/^(EPROTO|ERR_SSL_)/, "TLS: there is no common way to speak, or no TLS there"],
  [/^(HPE_|UND_ERR_)/, NO_HTTP],
];

/** @param {unknown} error of `fetch`, or of reading the body */
export function whyFailed(error) {
  const { name, cause } = /** @type {{name?: string, cause?: {code?: unknown, name?: string, message?: string}}} */ (error);
  if (name === "TimeoutError") return "no answer in time";
  if (cause?.message === "bad port") return "the port is of another protocol, and never asked";
  if (cause?.name === "HTTPParserError") return NO_HTTP;
  const code = typeof cause?.code === "string" ? cause.code : undefined;
  if (code === undefined) return "the call could not be made";
  const [, words] = CAUSES.find(([names]) => names.test(code)) ?? [];
  return words ? `${words} (${code})` : code;
}
