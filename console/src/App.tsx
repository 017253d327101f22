// Which of the few whole pages is shown: signed out, not an operator, or the console.

import { useEffect } from "preact/hooks";
import { onKey } from "./keyboard";
import { Layout } from "./layout/Layout";
import { loadAll } from "./lazy";
import { NoAccess } from "./pages/NoAccess";
import { NotFound } from "./pages/NotFound";
import { SignIn } from "./pages/SignIn";
import { pageAt } from "./routes";
import { announcement } from "./state/announce";
import { address } from "./state/router";
import { readSession, session } from "./state/session";

/** What is shown first comes first. */
const REST_AFTER_MS = 3000;

export function App() {
  useEffect(() => {
    void readSession();
    const rest = setTimeout(loadAll, REST_AFTER_MS);
    document.addEventListener("keydown", onKey);
    return () => {
      clearTimeout(rest);
      document.removeEventListener("keydown", onKey);
    };
  }, []);
  return (
    <>
      <Content />
      <div class="vh" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}

function Content() {
  const { path } = address.value;
  if (path[0] === "no-access") return <NoAccess />;
  if (session.value.kind !== "signed_in") return <SignIn session={session.value} />;
  const shown = pageAt(path);
  return <Layout key="layout">{shown ? <div key={shown.key}>{shown.content}</div> : <NotFound />}</Layout>;
}
