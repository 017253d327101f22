/** What the console makes of pasted texts, says happens next, and keeps in addresses and storages. */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { exportsOf } from "./support/console-modules.mjs";

/** @type {any} */
let lib;

before(async () => {
  lib = await exportsOf("lib", ["find"]);
});

describe("find", () => {
  const ID = "5eed0000-0000-4000-8000-000000000038";
  const RUN = "run_01M8HYP4J3RQSA4JZX00000000";

  test("takes the one identifier out of a pasted text", () => {
    for (const [text, found] of [
      ["<ada.lovelace@example.com>", "ada.lovelace@example.com"],
      ["Ada Lovelace <ada@example.com> sees no cameras.", "ada@example.com"],
      ["It is 'o'brien+app@mail.example.com'.", "o'brien+app@mail.example.com"],
      ["mailto:ada@example.com, once more: ada@example.com", "ada@example.com"],
      [`https://spkey.example/console/#/users/${ID}/history`, ID],
      [`user ${ID}: ada@example.com`, "ada@example.com"],
      [`It failed (${RUN}).`, RUN],
    ])
      assert.equal(lib.identifierIn(text), found, text);
  });

  test("leaves a text as it is that is an identifier, the beginning of one, or holds several", () => {
    for (const text of [
      "",
      "ada.love",
      "ada@exa",
      "!ada@example.com",
      "@example.com",
      "+49 (30) 555-099",
      ID,
      ID.slice(0, 13),
      "auth0|ada@example.com",
      `oidc|${ID}`,
      "ada@example.com or bob@example.com",
    ])
      assert.equal(lib.identifierIn(` ${text} `), text);
  });

  test("leads on from the id of what is no user", () => {
    for (const [prefix, address] of Object.entries({
      run: `#/runs/${RUN}`,
      req: "#/audit?people=false&requestId=req_01M8HYP4J3RQSA4JZX00000000",
      key: "#/api-keys",
      akey: "#/account-keys",
      op: "#/audit?people=false&actor=operator:op_01M8HYP4J3RQSA4JZX00000000",
    }))
      assert.equal(lib.pageOf(RUN.replace("run", prefix))?.[1], address);
    for (const text of ["", "ada@example.com", ID, "run_1", `${RUN}0`, "constructor_01M8HYP4J3RQSA4JZX00000000"])
      assert.equal(lib.pageOf(text), undefined, text);
  });
});

describe("what happens next", () => {
  test("is told as an end only where no further attempt is set", async () => {
    const { nextOf, guidance } = await exportsOf("", ["guidance"]);
    const at = "2026-11-28T10:00:00.000Z";
    assert.match(nextOf({ act: "needs_support", at }), /tried again by itself/);
    assert.match(guidance.reason.rejected.effect, /tried again by itself/);
    assert.match(nextOf({ act: "needs_support", at: null }), /does not go on by itself/);
    for (const act of ["none", "wait", "create", "attach_roles", "remove", "needs_data"])
      assert.doesNotMatch(nextOf({ act, at }), /does not go on/, act);
  });
});

describe("in a browser", () => {
  const kept = new Map();
  /** @type {(() => void)[]} */
  const onHash = [];
  const page = {
    location: {
      origin: "https://api.example.com",
      pathname: "/console/",
      hash: "#/audit?subject=jane%40example.com&action=user.reveal",
      assign: () => {},
    },
    history: { replaceState: (/** @type {unknown} */ _, /** @type {string} */ __, /** @type {string} */ to) => follow(to) },
    sessionStorage: {
      getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ text) => kept.set(key, text),
      removeItem: (/** @type {string} */ key) => kept.delete(key),
    },
    addEventListener: (/** @type {string} */ type, /** @type {() => void} */ act) => type === "hashchange" && onHash.push(act),
    setInterval: () => 0,
  };
  /** @param {string} hash */
  const follow = (hash) => {
    page.location.hash = hash;
  };
  /** @type {any} */
  let state;
  /** @type {any} */
  let ticket;

  before(async () => {
    const real = Object.fromEntries(Object.keys(page).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
    for (const [name, value] of Object.entries(page)) Object.defineProperty(globalThis, name, { value, configurable: true });
    state = await exportsOf("state", ["router", "step-up"]);
    ticket = await exportsOf("pages/user", ["ticket"]);
    // What the modules call later are those of the page; only Node's own timers come back.
    Object.defineProperty(globalThis, "setInterval", real.setInterval ?? {});
  });

  test("an address loses what none may hold, and as long as that is refused nothing is listed", () => {
    assert.equal(page.location.hash, "#/audit?action=user.reveal", "it came with a link");
    assert.deepEqual([state.isRefused(), state.filterText("subject")], [true, "jane@example.com"]);
    state.setFilters({ action: null });
    assert.deepEqual([page.location.hash, state.isRefused()], ["#/audit", true], "another filter does not lift it");
    state.setFilters({ subject: "u-1" });
    assert.deepEqual([page.location.hash, state.isRefused()], ["#/audit?subject=u-1", false]);
    state.setFilters({ subject: "+49 170 1234512" });
    assert.deepEqual([page.location.hash, state.isRefused()], ["#/audit", true], "it was typed");
    follow("#/notices?userId=01701234512&state=failing");
    for (const act of onHash) act();
    assert.deepEqual([page.location.hash, state.isRefused()], ["#/notices?state=failing", true]);
    follow("#/notices");
    for (const act of onHash) act();
    assert.equal(state.isRefused(), false, "another page begins anew");
  });

  test("a ticket has the state and what happens next in the words of the page", () => {
    const next = { act: "needs_support", at: "2026-11-28T10:00:00.000Z" };
    const provisioning = { state: "pending", lastError: "3dEye refused the request", reason: "rejected", next };
    const text = ticket.forTicket({ userId: "u-1", provisioning, history: [] });
    assert.match(text, /^State: Failing, because rejected$/m);
    assert.match(text, /^Next: It is tried again by itself/m);
    const waiting = { state: "pending", lastError: null, reason: null, next: { act: "create", at: null } };
    assert.match(ticket.forTicket({ userId: "u-1", provisioning: waiting, history: [] }), /^State: Waiting$/m);
  });

  test("a dialog keeps ids, ticks and dates over a new sign-in, and no e-mail or phone number", () => {
    const ids = { id: 12_345_678, ticked: true, userId: "000077-user", expires: "2026-12-01T10:00" };
    state.stepUp("make", { ...ids, phone: "+49 170 1234512", email: "jane@example.com" });
    assert.doesNotMatch([...kept.values()].join(), /@|170/);
    assert.deepEqual(state.takeDraft("make"), ids);
  });
});
