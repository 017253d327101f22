// Around every page: skip link, product, search, navigation, account menu, the connection's state.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { address, href } from "../state/router";
import { endSearch, search, searched } from "../state/search";
import { may } from "../state/session";
import { AccountMenu } from "./AccountMenu";
import { ConnectionBanner } from "./ConnectionBanner";
import { Footer } from "./Footer";
import { NAVIGATION } from "./navigation";
import { PauseBanner } from "./PauseBanner";

export function Layout({ children }: { children: ComponentChildren }) {
  const [menu, setMenu] = useState(false);
  const at = address.value.path;
  useEffect(() => {
    setMenu(false);
    document.getElementById("account")?.hidePopover();
    // What was searched may be an e-mail: it goes with the pages that show what was found.
    if (at[0] !== "users") searched.value = null;
  }, [at.join("/")]);
  return (
    <div class="shell">
      {/* biome-ignore lint/a11y/useValidAnchor: it moves the focus within the page; the fragment is the router's */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("main h1")?.focus();
        }}
      >
        Skip to content
      </a>
      <header class="top">
        <button type="button" class="menu-button" aria-expanded={menu} aria-controls="navigation" onClick={() => setMenu(!menu)}>
          Menu
        </button>
        <a class="product" href="#/">
          SmartphoneKey <span>console</span>
        </a>
        <FindUser />
        <AccountMenu />
      </header>
      <nav id="navigation" class={menu ? "side open" : "side"} aria-label="Main">
        {NAVIGATION.map((group) => (
          <ul key={group.title} aria-label={group.title}>
            {group.pages
              .filter(({ least }) => may(least))
              .map(({ title, path }) => (
                <li key={title}>
                  <a href={href(path)} onClick={endSearch} aria-current={(path[0] ?? "") === (at[0] ?? "") ? "page" : undefined}>
                    {title}
                  </a>
                </li>
              ))}
          </ul>
        ))}
      </nav>
      <main>
        <ConnectionBanner />
        <PauseBanner />
        {children}
        <Footer />
      </main>
    </div>
  );
}

/** Takes any identifier that a ticket may hold. */
function FindUser() {
  const input = useRef<HTMLInputElement>(null);
  // Another page ended the search.
  useEffect(() => {
    if (input.current && searched.value === null) input.current.value = "";
  }, [searched.value]);
  return (
    <search>
      <form
        class="find"
        onSubmit={(event) => {
          event.preventDefault();
          // Where the answer is shown.
          document.querySelector<HTMLElement>("main h1")?.focus();
          search(input.current?.value ?? "");
        }}
      >
        <input
          ref={input}
          id="find"
          type="search"
          aria-label="Find a user"
          placeholder="E-mail, @domain, phone, user id, 3dEye id …"
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
        />
        <button type="submit">Find</button>
      </form>
    </search>
  );
}
