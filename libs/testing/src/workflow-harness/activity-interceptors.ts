import { Context } from '@backstitch/activity';
import { headersFromJson, type Headers } from '@backstitch/protocol/payloads';
import type { ActivityFunction } from './activity-attempt.js';
import { withLogAttributes } from './activity-log.js';

/** What an activity is called with. */
export interface ActivityExecuteInput {
  readonly args: unknown[];
  readonly headers: Headers;
}

/** Sees, and may change, the call of an activity's function. Temporal's names. */
export interface ActivityInboundCallsInterceptor {
  execute?(input: ActivityExecuteInput, next: (input: ActivityExecuteInput) => Promise<unknown>): Promise<unknown>;
}

/** Sees what an activity does with its context. Temporal's names. */
export interface ActivityOutboundCallsInterceptor {
  getLogAttributes?(input: Record<string, unknown>, next: (input: Record<string, unknown>) => Record<string, unknown>): Record<string, unknown>;
  /** Taken for compatibility: tests measure nothing. */
  getMetricTags?(input: Record<string, string | number | boolean>, next: (input: Record<string, string | number | boolean>) => Record<string, string | number | boolean>): Record<string, string | number | boolean>;
}

export interface ActivityInterceptors {
  inbound?: ActivityInboundCallsInterceptor;
  outbound?: ActivityOutboundCallsInterceptor;
}

/** Called for each attempt. */
export type ActivityInterceptorsFactory = (context: Context) => ActivityInterceptors;

/** Interceptors of a worker. The first of each kind stands outermost. */
export interface WorkerInterceptors {
  activity?: readonly ActivityInterceptorsFactory[];
  /** An older form of `activity`, of inbound calls alone. */
  activityInbound?: readonly ((context: Context) => ActivityInboundCallsInterceptor)[];
  /** Modules that export `interceptors` of workflows. */
  workflowModules?: readonly string[];
  /** Taken for compatibility: activities have the environment's client. */
  client?: unknown;
}

/** An activity that is called through these interceptors; the activity itself where there are none. */
export function interceptedActivity(activity: ActivityFunction, { activity: factories = [], activityInbound = [] }: WorkerInterceptors): ActivityFunction {
  if (factories.length === 0 && activityInbound.length === 0) return activity;
  return async (...args: never[]): Promise<unknown> => {
    const context = Context.current();
    const made = [...factories.map((factory) => factory(context)), ...activityInbound.map((factory) => ({ inbound: factory(context) }) as ActivityInterceptors)];
    const call = async (input: ActivityExecuteInput): Promise<unknown> => activity(...(input.args as never[]));
    const execute = made.reduceRight<typeof call>((next, { inbound }) => (inbound?.execute === undefined ? next : async (input) => inbound.execute?.(input, next)), call);
    const attributes = made.reduceRight<(given: Record<string, unknown>) => Record<string, unknown>>(
      (next, { outbound }) => (outbound?.getLogAttributes === undefined ? next : (given) => outbound.getLogAttributes?.(given, next) ?? given),
      (given) => given,
    );
    return withLogAttributes(attributes, async () => execute({ args, headers: headersFromJson(context.info.headers) }));
  };
}
