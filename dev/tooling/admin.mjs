// Calls the management routes of the running Worker.

/** @typedef {{worker: string, adminKey: string, adminToken: string}} Access */

/**
 * @param {Access} access
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<{status: number, body: any}>}
 */
export async function manage({ worker, adminKey, adminToken }, method, path, body) {
  const response = await fetch(worker + path, {
    method,
    headers: { "x-admin-api-key": adminKey, authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}
