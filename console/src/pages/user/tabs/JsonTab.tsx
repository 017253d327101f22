import type { UserDetail } from "../../../contract";
import { CopyButton } from "../../../parts/CopyButton";
import { Section } from "../../../parts/Panel";

export function JsonTab({ user }: { user: UserDetail }) {
  const text = JSON.stringify(user, null, 2);
  return (
    <Section title="As the service answers it" actions={<CopyButton text={text} label="Copy JSON" wide />}>
      <pre>{text}</pre>
    </Section>
  );
}
