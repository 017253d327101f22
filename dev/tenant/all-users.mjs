// The whole list, page by page, as far as it is read.

/**
 * @typedef {import("./session.mjs").Session} Session
 * @typedef {import("./reading.mjs").User} User
 *
 * @typedef {object} List
 * @property {Map<string, User>} users by id
 * @property {number} pages that have users
 * @property {number} firstLength how many users the first page has
 * @property {number | undefined} total
 * @property {"end" | "trouble" | "too long" | "repeats"} ended
 * @property {string} trouble why it was not read to its end
 * @property {any} unreadable the JSON of a page that could not be read
 */

/** No more pages than these are read. */
export const MAX_PAGES = 20;

/** @param {User[] | undefined} users */
export const idsIn = (users) => (users ?? []).map(({ id }) => String(id)).join("\n");

/** An e-mail as it is compared. @param {string} email */
export const emailKey = (email) => email.trim().toLowerCase();

/**
 * Reads a page more than the Worker where no total is told: pages may be smaller than asked.
 * @param {Session} session @param {string} note
 * @returns {Promise<List>}
 */
export async function allUsers(session, note) {
  const { dialect } = session;
  /** @type {List} */
  const list = {
    users: new Map(),
    pages: 0,
    firstLength: 0,
    total: undefined,
    ended: "too long",
    trouble: "",
    unreadable: undefined,
  };
  let previous = "";
  for (let number = 0; number < MAX_PAGES; number += 1) {
    const outcome = await session.list({ note: `${note}, page ${number + 1}` }, { page: dialect.firstPage + number });
    const { users: page, total } = outcome.reading;
    if (!page) {
      const trouble = `page ${number + 1}: ${outcome.told}, ${outcome.reading.name.replace("error:", "").replaceAll("_", " ")}`;
      const unreadable = outcome.reading.name === "error:unreadable_answer" ? outcome.json : undefined;
      return { ...list, ended: "trouble", trouble, unreadable };
    }
    if (page.length > 0 && idsIn(page) === previous) return { ...list, ended: "repeats" };
    previous = idsIn(page);
    if (number === 0) list.firstLength = page.length;
    if (page.length > 0) list.pages += 1;
    list.total = total;
    for (const user of page) list.users.set(String(user.id), user);
    if (page.length === 0 || (total !== undefined && list.users.size >= total)) return { ...list, ended: "end" };
  }
  return list;
}
