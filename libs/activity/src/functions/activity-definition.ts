/** What can be said of an activity where it is defined. Temporal's name; nothing of it changes what an activity does here. */
export interface ActivityDefinitionOptions {
  typeInfo?: unknown;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Temporal's own constraint: arguments and results of any type
export type ActivityFunction<Args extends any[] = any[], Result = any> = (...args: Args) => Promise<Result>;
/** An object of activities. */
export type UntypedActivities = Record<string, ActivityFunction>;
export type ActivityInterface = UntypedActivities;
export type ActivityTypeInfoMap = Record<string, unknown>;

const definitions = new WeakMap<object, ActivityDefinitionOptions>();

/** Keeps options with an activity function. Temporal's name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export function setActivityOptions<Args extends any[], Result>(options: ActivityDefinitionOptions, activity: ActivityFunction<Args, Result>): void {
  definitions.set(activity, options);
}
