import { signal } from "@preact/signals";

/** Whether all provisioning is paused, as the banner above the pages that it concerns has read it. */
export const paused = signal(false);
