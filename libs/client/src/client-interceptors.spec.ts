import { describe, expect, it } from '@jest/globals';
import { intercepted, interceptedCalls, type WorkflowClientCalls, type WorkflowClientInterceptor, type WorkflowStartInput } from './client-interceptors.js';

const input: WorkflowStartInput = { workflowType: 'order', headers: {}, options: { workflowId: 'w', taskQueue: 'q', args: [], requestEagerStart: true } };

/** What a client calls, noting it. */
function wire(calls: string[]): WorkflowClientCalls {
  const startWithDetails: WorkflowClientCalls['startWithDetails'] = async ({ workflowType }) => {
    calls.push(`start ${workflowType}`);
    return { runId: 'run', eagerlyStarted: true };
  };
  return { startWithDetails } as WorkflowClientCalls;
}

/** Interceptors that note which of their methods is called. */
class OfOldKind implements WorkflowClientInterceptor {
  constructor(protected readonly calls: string[]) {}
  async start(given: WorkflowStartInput, next: WorkflowClientCalls['start']): Promise<string> {
    this.calls.push('old');
    return next({ ...given, workflowType: `${given.workflowType}-old` });
  }
}

class OfBothKinds extends OfOldKind {
  async startWithDetails(given: WorkflowStartInput, next: WorkflowClientCalls['startWithDetails']): ReturnType<WorkflowClientCalls['startWithDetails']> {
    this.calls.push('new');
    return next(given);
  }
}

describe('interceptors of a start', () => {
  it('given one that has `start` and `startWithDetails`, when a workflow is started, then the latter alone is called', async () => {
    const calls: string[] = [];
    expect(await interceptedCalls(wire(calls), [new OfBothKinds(calls)]).startWithDetails(input)).toEqual({ runId: 'run', eagerlyStarted: true });
    expect(calls).toEqual(['new', 'start order']);
  });

  it('given some of either kind, when a workflow is started, then all stand in their order, and what came of it is not lost', async () => {
    const calls: string[] = [];
    const interceptors = [new OfOldKind(calls), new OfBothKinds(calls), new OfOldKind(calls)];
    expect(await interceptedCalls(wire(calls), interceptors).startWithDetails(input)).toEqual({ runId: 'run', eagerlyStarted: true });
    expect(calls).toEqual(['old', 'new', 'old', 'start order-old-old']);
  });

  it('given one of the old kind that answers itself, when a workflow is started, then that is the answer', async () => {
    const calls: string[] = [];
    expect(await interceptedCalls(wire(calls), [{ start: async () => 'another' }]).startWithDetails(input)).toEqual({ runId: 'another', eagerlyStarted: false });
    expect(calls).toEqual([]);
  });

  it('given none that has a method, when it is composed, then it is the call itself', () => {
    const { startWithDetails } = wire([]);
    expect(intercepted([{}], 'startWithDetails', startWithDetails)).toBe(startWithDetails);
  });
});
