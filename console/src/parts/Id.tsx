import { href } from "../state/router";
import { CopyButton } from "./CopyButton";

/** Ids up to this length are shown whole. */
const WHOLE = 24;

/** What tells an id from others, where a table has no room for all of it. */
export const shortened = (id: string): string => (id.length <= WHOLE ? id : `${id.slice(0, 4)}…${id.slice(-6)}`);

/** An id that can be copied. */
export function Id({ id }: { id: string }) {
  return (
    <span class="nowrap">
      <code title={id}>{shortened(id)}</code> <CopyButton text={id} label={`Copy ${id}`} />
    </span>
  );
}

interface NamedIdProps {
  id: string;
  /** What people call it. */
  name: string | null;
}

export function NamedId({ id, name }: NamedIdProps) {
  return (
    <>
      {name !== null && <div>{name}</div>}
      <Id id={id} />
    </>
  );
}

/** A user's id, leading to the user. */
export function UserLink({ id }: { id: string }) {
  return (
    <a href={href(["users", id])} title={id}>
      <code>{id.length <= WHOLE ? id : `${id.slice(0, 8)}…${id.slice(-4)}`}</code>
    </a>
  );
}
