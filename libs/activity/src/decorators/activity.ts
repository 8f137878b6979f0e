import 'reflect-metadata';
import { RpcParamtype } from '@nestjs/microservices/enums/rpc-paramtype.enum.js';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';
import type { ActivityHandlerOptions, ResolvedActivityOptions } from './activity-options.js';

const ACTIVITY_OPTIONS_METADATA = 'backstitch:activity';

interface ParameterMetadata {
  index: number;
  data?: unknown;
  pipes?: unknown[];
}

/**
 * Makes a method the handler of an activity; the class bears `@Activities`. The activity's arguments are the method's parameters, and pipes of
 * Nest apply to them: `@Payload(new ParseOrderPipe()) order`.
 */
export function Activity(options: ActivityHandlerOptions = {}): MethodDecorator {
  return (target, propertyKey, descriptor) => {
    const method: unknown = descriptor.value;
    if (typeof method !== 'function') throw new TypeError(`@Activity() belongs on a method, not on ${String(propertyKey)}.`);
    const resolved: ResolvedActivityOptions = { name: options.name ?? String(propertyKey), mode: options.mode ?? 'transaction' };
    Reflect.defineMetadata(ACTIVITY_OPTIONS_METADATA, resolved, method);
    bindArguments(target, propertyKey, method);
  };
}

/** What `@Activity` left on a method, if anything. */
export function activityOptionsOf(method: unknown): ResolvedActivityOptions | undefined {
  return typeof method === 'function' ? (Reflect.getMetadata(ACTIVITY_OPTIONS_METADATA, method) as ResolvedActivityOptions | undefined) : undefined;
}

/** The job carries the list of arguments as its payload; each parameter that has no decorator of its own takes its place in that list. */
function bindArguments(target: object, propertyKey: string | symbol, method: { length: number }): void {
  const types = Reflect.getMetadata('design:paramtypes', target, propertyKey) as unknown[] | undefined;
  const bound: Record<string, ParameterMetadata> = { ...(Reflect.getMetadata(PARAM_ARGS_METADATA, target.constructor, propertyKey) as object | undefined) };
  const decorated = new Set<number>();
  for (const [key, parameter] of Object.entries(bound)) {
    decorated.add(parameter.index);
    if (key === `${RpcParamtype.PAYLOAD}:${parameter.index}` && parameter.data === undefined) bound[key] = { ...parameter, data: String(parameter.index) };
  }
  for (let index = 0; index < (types?.length ?? method.length); index += 1) {
    if (!decorated.has(index)) bound[`${RpcParamtype.PAYLOAD}:${index}`] = { index, data: String(index), pipes: [] };
  }
  Reflect.defineMetadata(PARAM_ARGS_METADATA, bound, target.constructor, propertyKey);
}
