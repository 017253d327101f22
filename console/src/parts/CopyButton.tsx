import { useEffect, useState } from "preact/hooks";
import { asCurl, type ShellRequest } from "../lib/curl";
import { announce } from "../state/announce";

interface CopyButtonProps {
  text: string;
  /** What it is called: "Copy id". */
  label: string;
  /** Shows the label; else it is an icon with that name. */
  wide?: boolean;
}

export function CopyButton({ text, label, wide = false }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<"" | "Copied" | "Not copied">("");
  useEffect(() => {
    if (outcome === "") return;
    const timer = setTimeout(() => setOutcome(""), 2000);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false, // not allowed by the browser
    );
    setOutcome(done ? "Copied" : "Not copied");
    announce(done ? "Copied" : "The browser does not allow copying");
  };
  return (
    <button type="button" class={wide ? "copy" : "copy icon"} aria-label={wide ? undefined : label} title={label} onClick={copy}>
      <CopyIcon done={outcome === "Copied"} />
      {wide && <span>{outcome || label}</span>}
    </button>
  );
}

/** The request as a shell command, for a ticket or a script. */
export function CurlButton(request: ShellRequest) {
  return <CopyButton text={asCurl(request)} label="Copy as curl" wide />;
}

function CopyIcon({ done }: { done: boolean }) {
  return (
    <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
      {done ? <path d="M3 8.5 6.5 12 13 4.5" /> : <path d="M5.5 5.5h7v8h-7zM10.5 5V2.5h-7v8H5" />}
    </svg>
  );
}
