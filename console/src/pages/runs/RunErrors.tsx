import { href } from "../../state/router";
import { errorOf } from "./error-line";

export function RunErrors({ errors }: { errors: readonly string[] }) {
  if (errors.length === 0) return <p class="empty">No errors.</p>;
  return (
    <>
      <ul class="lines">
        {errors.map((line, index) => (
          <li key={index}>
            <ErrorLine line={line} />
          </li>
        ))}
      </ul>
      {errors.length >= SHOWN && <p class="hint">Only the first hundred are kept. All failing users are listed under Users.</p>}
    </>
  );
}

const SHOWN = 100;

function ErrorLine({ line }: { line: string }) {
  const { userId, message } = errorOf(line);
  if (userId === null) return <strong>{message}</strong>;
  return (
    <>
      <a href={href(["users", userId])}>
        <code>{userId}</code>
      </a>{" "}
      {message}
    </>
  );
}
