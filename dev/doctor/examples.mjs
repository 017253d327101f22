// Settings whose value only the operator knows: a command that sets one has an example in it.

/** @typedef {import("./deployment.mjs").Deployment} Deployment */

/** What a value looks like. */
export const EXAMPLES = /** @type {Record<string, string>} */ ({
  JWT_ISSUER: "https://your-tenant.example/",
  JWT_AUDIENCE: "https://api.example.com",
  JWT_JWKS_URL: "https://your-tenant.example/.well-known/jwks.json",
  THREEDEYE_CUSTOMER_ID: "your-customer-id",
  THREEDEYE_PROTECTED_EMAILS: "ops@example.com",
  ADMIN_EMAIL_DOMAINS: "example.com",
  CONSOLE_CLIENT_ID: "your-client-id",
  NOTIFY_WEBHOOK_URL: "https://notices.example.com/",
  ALERT_WEBHOOK_URL: "https://alerts.example.com/",
  ALERT_HEARTBEAT_URL: "https://heartbeat.example.com/",
});

/** Stands beside each such command. */
export const OWN_VALUE = "put your own value in place of the example";

/** @param {string} name @param {Deployment} deployment */
export const setExample = (name, { commands }) => commands.set(name, String(EXAMPLES[name]));
