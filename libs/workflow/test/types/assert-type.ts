/** Whether two types are the same, `any` and optionality included. */
export type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** Compiles only where the two are the same: `assertType<Same<typeof result, string>>()`. */
export function assertType<Holds extends true>(holds?: Holds): void {
  void holds;
}
