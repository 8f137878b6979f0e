import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@backstitch/workflow/common';

export type { QueryDefinition, SignalDefinition, UpdateDefinition };

/** Any workflow function. */
// Parameters must stay open here: a workflow may have any.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Workflow = (...args: any[]) => Promise<any>;

/** What a workflow answers. */
export type WorkflowResultType<W extends Workflow> = ReturnType<W> extends Promise<infer Result> ? Result : never;

/** Options with the workflow's arguments: required where it takes some. */
export type WithWorkflowArgs<W extends Workflow, Options> = Options &
  (Parameters<W> extends [unknown, ...unknown[]] ? { args: Parameters<W> | Readonly<Parameters<W>> } : { args?: Parameters<W> | Readonly<Parameters<W>> });

/** The name of what is given by itself or by its name. */
export function nameOf(named: string | { name: string }, what: string): string {
  const name: unknown = typeof named === 'string' ? named : named?.name;
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`${what} must be given by its name, or as what has one.`);
  }
  return name;
}
