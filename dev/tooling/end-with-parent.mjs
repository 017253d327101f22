// Loaded ahead of a program of ours (`node --import`), so that it does not outlive a parent that
// was killed without a chance to end it.

import { whenParentIsGone } from "./parent.mjs";

whenParentIsGone(() => process.kill(process.pid, "SIGTERM"));
