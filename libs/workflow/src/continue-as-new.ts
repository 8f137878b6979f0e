import type { ContinueAsNewCommand, JsonObject, JsonValue } from '@backstitch/protocol';
import { optionalMs } from './activity-options.js';
import { ContinueAsNew } from './continue-as-new-error.js';
import { runFor } from './current-run.js';
import type { Duration } from './duration.js';
import { chain } from './interceptor-chain.js';
import type { ContinueAsNewInput } from './interceptors.js';
import { headersMember } from './headers-member.js';
import { searchAttributesToJson } from './search-attribute-values.js';
import type { EventGroupMarker, PayloadTypeInfo, VersioningIntent } from './type-info.js';
import { toJson } from './to-json.js';
import { payloadsOf } from './value-conversion.js';
import type { SearchAttributePair, SearchAttributes, TypedSearchAttributes } from './typed-search-attributes.js';
import type { InitialVersioningBehavior } from './workflow-definition-options.js';
import { owedUndos } from './saga-run.js';
import type { WorkflowRun } from './workflow-run.js';
import type { Workflow } from './workflow-types.js';

/** How the next run begins. What is not given is as in this run. */
export interface ContinueAsNewOptions {
  workflowType?: string;
  taskQueue?: string;
  workflowRunTimeout?: Duration;
  workflowTaskTimeout?: Duration;
  /** Pause before the next run begins. */
  backoffStartInterval?: Duration;
  memo?: Record<string, unknown>;
  searchAttributes?: SearchAttributes;
  typedSearchAttributes?: SearchAttributePair[] | TypedSearchAttributes;
  /** Taken and ignored. */
  versioningIntent?: VersioningIntent;
  /** Taken and ignored. */
  initialVersioningBehavior?: InitialVersioningBehavior;
  typeInfo?: Pick<PayloadTypeInfo, 'inputTypes'>;
  /** Taken and ignored. */
  eventGroups?: EventGroupMarker[];
}

/** Ends this run, and goes on as a new one with these arguments; what sagas still owe goes along (law L9). Never resolves: let what it throws leave the workflow. */
export function continueAsNew<F extends Workflow>(...args: Parameters<F>): Promise<never> {
  return makeContinueAsNewFunc<F>()(...args);
}

/** {@link continueAsNew} with options. */
export function makeContinueAsNewFunc<F extends Workflow>(options: ContinueAsNewOptions = {}): (...args: Parameters<F>) => Promise<never> {
  const run = runFor('continueAsNew');
  const { workflowType, taskQueue } = run.info;
  const complete = { ...options, workflowType: options.workflowType ?? workflowType, taskQueue: options.taskQueue ?? taskQueue };
  return (...args) => {
    const last = async (input: ContinueAsNewInput): Promise<never> => {
      throw new ContinueAsNew(commandOf(run, input));
    };
    return chain(run.interceptors?.outbound, 'continueAsNew', last)({ args, headers: {}, options: complete });
  };
}

function commandOf(run: WorkflowRun, { args, headers, options }: ContinueAsNewInput): ContinueAsNewCommand {
  const { workflowType, taskQueue, memo, searchAttributes, typedSearchAttributes } = options;
  const hasSearchAttributes = searchAttributes !== undefined || typedSearchAttributes !== undefined;
  const owed = owedUndos(run);
  const command: ContinueAsNewCommand = {
    workflowType,
    args: payloadsOf(run, args) as JsonValue[],
    ...(taskQueue === run.info.taskQueue ? {} : { taskQueue }),
    ...(memo === undefined ? {} : { memo: memo as JsonObject }),
    ...(hasSearchAttributes ? { searchAttributes: searchAttributesToJson(searchAttributes, typedSearchAttributes) } : {}),
    workflowRunTimeoutMs: optionalMs(options.workflowRunTimeout, 'workflowRunTimeout'),
    workflowTaskTimeoutMs: optionalMs(options.workflowTaskTimeout, 'workflowTaskTimeout'),
    backoffStartIntervalMs: optionalMs(options.backoffStartInterval, 'backoffStartInterval'),
    ...owed,
  };
  // A snapshot: what the code passed is fixed now.
  const headersJson = headersMember(headers);
  const json = toJson(command, 'The arguments of continueAsNew');
  return JSON.parse(headersJson === '' ? json : `${json.slice(0, -1)}${headersJson}}`) as ContinueAsNewCommand;
}
