/** Calls an activity with its arguments. */
export type ActivityCall = (args: unknown[]) => unknown;

/** The functions of an object, own and inherited, by name; each is called as the object's method. */
export function activityFunctionsOf(activities: object): Map<string, ActivityCall> {
  const functions = new Map<string, ActivityCall>();
  for (let at: object | null = activities; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor' && !functions.has(name)) {
        functions.set(name, (args) => (value as (...parameters: unknown[]) => unknown).apply(activities, args));
      }
    }
  }
  return functions;
}
