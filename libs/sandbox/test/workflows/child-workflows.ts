import {
  CancellationScope,
  ChildWorkflowFailure,
  continueAsNew,
  defineSignal,
  executeChild,
  getExternalWorkflowHandle,
  makeContinueAsNewFunc,
  sleep,
  startChild,
  type ChildWorkflowOptions,
} from '@backstitch/workflow';

const poke = defineSignal<[string]>('poke');

export async function greetingChildWorkflow(name: string): Promise<string> {
  await sleep(1);
  return `Hello ${name}`;
}

export async function executingParentWorkflow(): Promise<string> {
  return executeChild(greetingChildWorkflow, { args: ['you'], workflowId: 'child-1', taskQueue: 'children', workflowRunTimeout: '1 hour', retry: { maximumAttempts: 2 }, memo: { a: 1 } });
}

export async function startingParentWorkflow(options: Partial<ChildWorkflowOptions> = {}): Promise<unknown> {
  const handle = await startChild(greetingChildWorkflow, { args: ['you'], workflowId: 'child-1', ...options });
  const { workflowId, firstExecutionRunId } = handle;
  await handle.signal(poke, 'now');
  const result = await handle.result();
  return { workflowId, firstExecutionRunId, result };
}

export async function defaultChildIdWorkflow(): Promise<void> {
  await startChild('any');
}

/** What a child that did not complete comes to. */
export async function childOutcomeWorkflow(options: Partial<ChildWorkflowOptions> = {}): Promise<string> {
  try {
    await executeChild(greetingChildWorkflow, { args: ['you'], workflowId: 'child-1', ...options });
    return 'completed';
  } catch (error) {
    const { name, cause } = error as Error;
    return `${name}${error instanceof ChildWorkflowFailure ? ` of ${error.workflowType} ${error.execution.workflowId}` : ''} ← ${cause instanceof Error ? cause.name : 'nothing'}`;
  }
}

export async function withdrawnChildWorkflow(): Promise<string> {
  const scope = new CancellationScope();
  const work = scope.run(() => executeChild(greetingChildWorkflow, { args: ['you'], workflowId: 'child-1' }));
  scope.cancel();
  const refused = await work.catch((reason: unknown) => reason);
  return `${(refused as Error).name} ← ${((refused as Error).cause as Error).name}`;
}

export async function externalWorkflow(): Promise<string> {
  const other = getExternalWorkflowHandle('other', 'run-9');
  try {
    await other.signal('poke', 'there');
    await other.cancel();
    return 'done';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

export async function cancelledExternalWorkflow(): Promise<string> {
  const other = getExternalWorkflowHandle('other');
  const results = await Promise.allSettled([other.signal('poke'), other.cancel()]);
  return results.map((result) => (result.status === 'fulfilled' ? 'done' : (result.reason as Error).name)).join();
}

export async function endlessWorkflow(round: number): Promise<void> {
  await sleep(1);
  await continueAsNew<typeof endlessWorkflow>(round + 1);
}

export async function changingWorkflow(): Promise<void> {
  await makeContinueAsNewFunc<typeof endlessWorkflow>({ workflowType: 'endlessWorkflow', taskQueue: 'elsewhere', memo: { left: true }, searchAttributes: { Kind: ['b'] }, workflowRunTimeout: '1m' })(7);
}
