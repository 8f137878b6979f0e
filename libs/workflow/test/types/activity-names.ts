/** Every value and every type that `@temporalio/activity` exports has to be there: a name that is missing does not compile. */
import {
  ApplicationFailure, CancelledFailure, CompleteAsyncError, Context, activityInfo, asyncLocalStorage,
  cancellationDetails, cancellationSignal, cancelled, getClient, heartbeat, log, metricMeter, setActivityOptions,
  sleep,
} from '@temporalio/activity';
import type {
  ActivityDefinitionOptions, ActivityFunction, ActivityInterface, ActivityTypeInfoMap, Info, UntypedActivities,
} from '@temporalio/activity';

export const values: readonly unknown[] = [
  ApplicationFailure, CancelledFailure, CompleteAsyncError, Context, activityInfo, asyncLocalStorage,
  cancellationDetails, cancellationSignal, cancelled, getClient, heartbeat, log, metricMeter, setActivityOptions,
  sleep,
];
