import type { paths } from "../../api";

type Kind = NonNullable<NonNullable<paths["/admin/notices"]["get"]["parameters"]["query"]>["type"]>;

/** What a notice is about, in words. */
const NAMES: Record<Kind, string> = {
  two_factor_enabled: "Second factor turned on",
  two_factor_disabled: "Second factor turned off",
  two_factor_locked: "Second factor locked",
  two_factor_unlocked: "Second factor unlocked",
  backup_codes_created: "New backup codes",
  backup_code_used: "Backup code used",
  email_change_requested: "Change of e-mail asked for",
  email_change_verification: "Confirm the new e-mail",
  email_changed: "E-mail changed",
};

export const KINDS = Object.entries(NAMES) as [Kind, string][];

/** One of a later version is named as it is. */
export const kindName = (type: string): string => (NAMES as Record<string, string>)[type] ?? type;
