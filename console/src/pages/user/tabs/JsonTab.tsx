import type { UserDetail } from "../../../contract";
import { CopyButton, CurlButton } from "../../../parts/CopyButton";
import { Section } from "../../../parts/Panel";

export function JsonTab({ user }: { user: UserDetail }) {
  const text = JSON.stringify(user, null, 2);
  return (
    <Section
      title="As the service answers it"
      actions={
        <>
          <CopyButton text={text} label="Copy JSON" wide />
          <CurlButton method="GET" path={`/admin/users/${encodeURIComponent(user.userId)}`} />
        </>
      }
    >
      <pre>{text}</pre>
    </Section>
  );
}
