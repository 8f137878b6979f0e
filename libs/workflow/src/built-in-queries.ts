import { locationsOf, type StackTraceFileLocation } from './call-position.js';
import type { QueryDefinition } from './message-definitions.js';
import type { RegisteredHandler } from './message-handler.js';
import type { WorkflowRun } from './workflow-run.js';

/** What pends, with what to call it. */
export interface Described {
  item: object;
  what: string;
}

/** What pends, for people. */
export interface PendingCall {
  what: string;
  /** Only where calls are traced. */
  stack: string | undefined;
}

export interface StackTraceSDKInfo {
  name: string;
  version: string;
}

export interface StackTraceFileSlice {
  line_offset: number;
  content: string;
}

export interface StackTrace {
  locations: StackTraceFileLocation[];
}

/** What a run waits for, as data. */
export interface EnhancedStackTrace {
  sdk: StackTraceSDKInfo;
  /** Backstitch sends no sources. */
  sources: Record<string, StackTraceFileSlice[]>;
  stacks: StackTrace[];
}

/** What a run's code handles. */
export interface WorkflowMetadata {
  definition: { type: string; queryDefinitions: HandlerSummary[]; signalDefinitions: HandlerSummary[]; updateDefinitions: HandlerSummary[] };
  currentDetails: string;
}

interface HandlerSummary {
  name: string;
  description?: string;
}

/** What a run waits for, as text: one paragraph for each call that pends. */
export const stackTraceQuery = { type: 'query', name: '__stack_trace' } as QueryDefinition<string>;
/** What a run waits for, as data. */
export const enhancedStackTraceQuery = { type: 'query', name: '__enhanced_stack_trace' } as QueryDefinition<EnhancedStackTrace>;
/** Which signals, queries and updates a run handles, and its current details. */
export const workflowMetadataQuery = { type: 'query', name: '__temporal_workflow_metadata' } as QueryDefinition<WorkflowMetadata>;

/** The answer to a query that every run answers; undefined: there is no such query. */
export function answerBuiltInQuery(run: WorkflowRun, queryName: string): unknown {
  switch (queryName) {
    case stackTraceQuery.name:
      return run
        .describePending()
        .map(({ what, stack }) => (stack === undefined || stack === '' ? what : `${what}\n${stack}`))
        .join('\n\n');
    case enhancedStackTraceQuery.name: {
      const stacks = run.describePending().map(({ what, stack }) => ({ locations: [{ function_name: what, internal_code: true }, ...locationsOf(stack ?? '')] }));
      return { sdk: { name: 'backstitch', version: '0.1.0' }, sources: {}, stacks } satisfies EnhancedStackTrace;
    }
    case workflowMetadataQuery.name:
      return {
        definition: {
          type: run.info.workflowType,
          queryDefinitions: [
            ...[stackTraceQuery, enhancedStackTraceQuery, workflowMetadataQuery].map(({ name }) => ({ name, description: 'Answered by every workflow.' })),
            ...summaries(run.queries.handlers),
          ],
          signalDefinitions: summaries(run.signals.handlers),
          updateDefinitions: summaries(run.features.updates.handlers),
        },
        currentDetails: run.features.currentDetails,
      } satisfies WorkflowMetadata;
    default:
      return undefined;
  }
}

function summaries(handlers: ReadonlyMap<string, RegisteredHandler>): HandlerSummary[] {
  return [...handlers].map(([name, { description }]) => ({ name, ...(description === undefined ? {} : { description }) }));
}
