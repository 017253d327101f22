/** What a notice is about, in words. */
export const KINDS = [
  ["two_factor_enabled", "Second factor turned on"],
  ["two_factor_disabled", "Second factor turned off"],
  ["two_factor_locked", "Second factor locked"],
  ["two_factor_unlocked", "Second factor unlocked"],
  ["backup_codes_created", "New backup codes"],
  ["backup_code_used", "Backup code used"],
  ["email_change_requested", "Change of e-mail asked for"],
  ["email_change_verification", "Confirm the new e-mail"],
  ["email_changed", "E-mail changed"],
] as const;

/** One of a later version is named as it is. */
export const kindName = (type: string): string => KINDS.find(([kind]) => kind === type)?.[1] ?? type;
