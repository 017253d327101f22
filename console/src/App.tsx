// Which of the few whole pages is shown: signed out, not an operator, or the console.

import { useEffect } from "preact/hooks";
import { onKey } from "./keyboard";
import { Layout } from "./layout/Layout";
import { NoAccess } from "./pages/NoAccess";
import { NotFound } from "./pages/NotFound";
import { SignIn } from "./pages/SignIn";
import { pageAt } from "./routes";
import { announcement } from "./state/announce";
import { address } from "./state/router";
import { readSession, session } from "./state/session";

export function App() {
  useEffect(() => {
    void readSession();
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
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
