import { Page } from "../parts/Page";

export function NotFound() {
  return (
    <Page title="There is no such page">
      <p>
        The address may be mistyped, or of another version. <a href="#/">Go to the overview</a>, or look for a user above.
      </p>
    </Page>
  );
}
