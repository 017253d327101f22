// Finds out which of some names a parameter of the list has.

import { withChanges } from "../dialect.mjs";

/** Names that other services have for the customer. */
export const CUSTOMER_NAMES = ["customer", "customer_id", "tenantId", "accountId", "organizationId"];

/**
 * @param {import("../session.mjs").Session} session
 * @param {"customer" | "page" | "pageSize"} parameter
 * @param {string[]} names that other services have for it
 * @param {(dialect: import("../dialect.mjs").Dialect) => Promise<boolean>} works
 * @returns {Promise<string | undefined>} the first that works
 */
export async function nameThatWorks(session, parameter, names, works) {
  const others = Object.values(session.dialect.query);
  for (const name of names.filter((one) => !others.includes(one))) {
    if (await works(withChanges(session.dialect, { query: { [parameter]: name } }))) return name;
  }
  return undefined;
}
