/** The pages of the OpenID provider: plain HTML without script. */

/**
 * @param {URLSearchParams} query of the authorization request, which the form is sent back with
 * @param {string[]} people a button each
 */
export function signInPage(query, people) {
  const buttons = people.map((email) => `<p><button name="email" value="${escapeHtml(email)}">${escapeHtml(email)}</button></p>`);
  return page(
    "Sign in (simulated)",
    `<p>The simulated identity provider of <code>npm start</code>. Choose who you are; there is no password.</p>
<form method="post" action="?${escapeHtml(query.toString())}">
<p><label>Signed in <input name="minutes" type="number" min="0" max="999999" value="0" size="6"> minutes ago</label></p>
<p><label><input name="mfa" type="checkbox"> With a second factor</label></p>
${buttons.join("\n")}
<p><button name="cancel" value="yes">Cancel</button></p>
</form>`,
  );
}

/** @param {string} message */
export const errorPage = (message) => page("This request cannot be answered", `<p>${escapeHtml(message)}</p>`);

/** @param {string} title @param {string} content */
const page = (title, content) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${content}
</body>
</html>
`;

/** @param {string} text */
const escapeHtml = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
