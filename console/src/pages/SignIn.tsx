import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { readSession, type Session, signInAddress } from "../state/session";

/** Shown until there is a session. Nothing of the service is read before. */
export function SignIn({ session }: { session: Exclude<Session, { kind: "signed_in" }> }) {
  switch (session.kind) {
    case "unknown":
      // A moment: what would be shown would only flash.
      return (
        <main class="vh">
          <h1>Loading …</h1>
        </main>
      );
    case "unreachable":
      return (
        <Frame title="The service could not be reached">
          <p role="alert">Check your connection, then try again.</p>
          <button type="button" onClick={() => void readSession()}>
            Try again
          </button>
        </Frame>
      );
    case "unavailable":
      return (
        <Frame title="Sign in">
          <p role="alert">
            <strong>{session.message}</strong>
          </p>
          <p>
            Until then the admin API works as ever, with its key and a token. An engineer can set sign-in up: docs/DEPLOY.md, “The
            console”.
          </p>
          <button type="button" onClick={() => void readSession()}>
            Try again
          </button>
        </Frame>
      );
    case "signed_out":
      return (
        <Frame title={session.ended ? "Your session has ended" : "Sign in"}>
          <p>
            {session.ended
              ? "Sign in again: you come back to this very page."
              : "The console is for operators of SmartphoneKey’s account service."}
          </p>
          <a class="button primary" href={signInAddress()}>
            Sign in with your work account
          </a>
        </Frame>
      );
  }
}

export function Frame({ title, children }: { title: string; children: ComponentChildren }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · SmartphoneKey console`;
    ref.current?.focus();
  }, [title]);
  return (
    <main class="alone">
      <p class="product">
        SmartphoneKey <span>console</span>
      </p>
      <h1 tabIndex={-1} ref={ref}>
        {title}
      </h1>
      {children}
    </main>
  );
}
