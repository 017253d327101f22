// The demo users: people as a real database has them, with the blemishes that
// provisioning must cope with, and the accounts that 3dEye already knows.

/** @typedef {import("./tooling/database.mjs").DemoUser} DemoUser */

const OWN_CUSTOMER = "cust-1";
const OTHER_CUSTOMER = "cust-2";

/** Always the same ids, so that a command in the shell's history works in every checkout. @param {number} n */
const uuid = (n) => `5eed0000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** The users that the printed examples are about. */
export const EXAMPLES = {
  fresh: { uuid: uuid(1), email: "ada.lovelace@example.com" },
  stuck: { uuid: uuid(2), email: "stuck.steven@example.com" },
  orphan: { uuid: uuid(3), email: "orphan.olga@example.com" },
  careful: { uuid: uuid(4), email: "grace.hopper@example.com" },
  failing: { uuid: uuid(38), email: "refused.rosa@example.com" },
  attaching: { uuid: uuid(39), email: "half.hana@example.com" },
};

/** Of those who may use the console, or would like to; the last one may not. */
export const OPERATORS = ["viewer", "support", "admin"];
const STRANGERS = ["stranger"];

/** The people whom the simulated identity provider signs in. @param {string} domain of the administrators */
export const demoPeople = (domain) => [
  ...[...OPERATORS, ...STRANGERS].map((name) => `${name}@${domain}`),
  "visitor@elsewhere.example",
];

const WITH_EMAIL = [
  "alan.turing",
  "edsger.dijkstra",
  "barbara.liskov",
  "donald.knuth",
  "radia.perlman",
  "tony.hoare",
  "frances.allen",
  "niklaus.wirth",
  "margaret.hamilton",
  "dennis.ritchie",
  "hedy.lamarr",
  "ken.thompson",
  "karen.jones",
  "john.backus",
  "mary.keller",
].map((name) => ({ email: `${name}@example.com` }));

const WITH_BOTH = ["jean.bartik", "kathleen.booth", "peter.naur", "adele.goldberg"].map((name, index) => ({
  email: `${name}@example.com`,
  phone: `+4930555010${index}`,
}));

const PHONE_ONLY = ["+4930555020", "+4930555021", "+4930555022", "+4930555023", "+4930555024"].map((phone) => ({ phone }));

/** As older clients stored them. */
const UNTIDY = [
  { email: "Sophie.Wilson@Example.COM" },
  { email: "  steve.furber@example.com " },
  { email: "\tLYNN.Conway@example.com\n" },
];

/** The same person twice once e-mails are trimmed and lower-cased. */
const DUPLICATES = [
  { email: "twice.tina@example.com" },
  { email: " Twice.Tina@Example.com" },
  { email: "double.dan@example.com" },
  { email: "DOUBLE.DAN@example.com", phone: "+49305550300" },
];

const NEITHER = [{}, { email: "   " }];

/** @returns {DemoUser[]} */
export function demoUsers() {
  const people = [
    { ...EXAMPLES.fresh, authSubject: "auth0|demo-ada" },
    EXAMPLES.stuck,
    EXAMPLES.orphan,
    EXAMPLES.careful,
    ...[...WITH_EMAIL, ...WITH_BOTH, ...PHONE_ONLY, ...UNTIDY, ...DUPLICATES, ...NEITHER],
    EXAMPLES.failing,
    EXAMPLES.attaching,
  ];
  return people.map((person, index) => ({
    email: null,
    phone: null,
    authSubject: null,
    uuid: uuid(index + 1),
    createdAt: new Date(Date.UTC(2024, 0, 15, 10, 30) + index * 86_400_000 * 3).toISOString(),
    ...person,
  }));
}

/** The e-mails of those whom the first run takes up, so that they are stuck from the start. */
export const STUCK = [
  ...[EXAMPLES.stuck, EXAMPLES.orphan, EXAMPLES.failing].map(({ email }) => email),
  ...DUPLICATES.map(({ email }) => email),
];

/** A role that 3dEye does not attach any more. */
export const MISSING_ROLE = "role-301";

/** What the vendor has before we have done anything. */
export function demoAccounts() {
  const camera = (/** @type {number} */ n, /** @type {string} */ name) => ({ id: `role-${n}`, name });
  return [
    // Made by hand once: its password is unknown, and the cameras must survive a reset.
    { email: EXAMPLES.stuck.email, customerId: OWN_CUSTOMER, roles: [camera(101, "Front door"), camera(102, "Garage")] },
    // Once it is replaced, its role cannot be attached.
    { email: EXAMPLES.attaching.email, customerId: OWN_CUSTOMER, roles: [{ id: MISSING_ROLE, name: "Old gate" }] },
    // Taken where we can't see it.
    { email: EXAMPLES.orphan.email, customerId: OTHER_CUSTOMER, roles: [camera(201, "Warehouse")] },
    // Others who have nothing to do with our users.
    { email: "janitor@riverside.example", customerId: OWN_CUSTOMER, roles: [camera(101, "Front door")] },
    { email: "reception@riverside.example", customerId: OWN_CUSTOMER, roles: [camera(103, "Lobby")] },
    { email: "security@riverside.example", customerId: OWN_CUSTOMER, roles: [camera(101, "Front door"), camera(103, "Lobby")] },
    { email: "owner@elsewhere.example", customerId: OTHER_CUSTOMER, roles: [] },
  ];
}
