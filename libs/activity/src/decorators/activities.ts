import 'reflect-metadata';
import { BULL_MQ_TRANSPORT, type BullMqPattern } from '@backstitch/queues';
import { Catch, Controller, type ExceptionFilter } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import { ActivityDeclarationError } from '../errors/usage-errors.js';
import { activityOptionsOf } from './activity.js';

export interface ActivitiesOptions {
  /** The queue that this class serves: `inventory` for steps, `inventory.compensation` for undos. */
  taskQueue: string;
}

/** Nest's own last filter would replace what the handler threw by "Internal server error"; the workflow is to see the real failure. */
@Catch()
class PassFailureOn implements ExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}

/**
 * Makes a class serve activities from a queue. List it under `controllers` of a Nest module. Everything of Nest works on it: injection, request
 * scope, pipes, guards, interceptors, and exception filters of the class and its methods (global filters are not asked: failures go to the
 * workflow).
 */
export function Activities(options: ActivitiesOptions): ClassDecorator {
  return (target) => {
    Controller()(target);
    const filters = (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, target) as unknown[] | undefined) ?? [];
    // Nest asks the last filter first: this one comes after all others of the class.
    Reflect.defineMetadata(EXCEPTION_FILTERS_METADATA, [new PassFailureOn(), ...filters], target);

    const prototype = target.prototype as Record<string, unknown>;
    const names = new Set<string>();
    for (const methodName of new MetadataScanner().getAllMethodNames(prototype)) {
      const method = prototype[methodName];
      const activity = activityOptionsOf(method);
      if (activity === undefined) continue;
      if (names.has(activity.name)) throw new ActivityDeclarationError(`${target.name} has two handlers of activity "${activity.name}".`);
      names.add(activity.name);
      const pattern: BullMqPattern = { queue: options.taskQueue, activity: activity.name };
      MessagePattern(pattern as never, BULL_MQ_TRANSPORT, { activity })(prototype, methodName, { value: method });
    }
    if (names.size === 0) throw new ActivityDeclarationError(`${target.name} has no method with @Activity().`);
  };
}
