import { describe, expect, it } from '@jest/globals';
import * as workflow from './index.js';

describe('the authoring API outside of the sandbox', () => {
  it.each([
    ['sleep', () => workflow.sleep(1)],
    ['condition', () => workflow.condition(() => true)],
    ['setHandler', () => workflow.setHandler(workflow.defineSignal('s'), () => undefined)],
    ['workflowInfo', () => workflow.workflowInfo()],
    ['uuid4', () => workflow.uuid4()],
    ['now', () => workflow.now()],
    ['random', () => workflow.random()],
    ['upsertSearchAttributes', () => workflow.upsertSearchAttributes({})],
    ['saga', () => workflow.saga(async () => undefined)],
    ['getExternalWorkflowHandle', () => workflow.getExternalWorkflowHandle('x')],
    ['patched', () => workflow.patched('p')],
    ['continueAsNew', () => workflow.continueAsNew()],
  ])('given no workflow, when %s is called, then it says that it works in workflow code only', (name, call) => {
    expect(call).toThrow(workflow.IllegalStateError);
    expect(call).toThrow(`${name} works in workflow code only`);
  });

  it('given no workflow, when the current scope is asked for, then it says so', () => {
    expect(() => workflow.CancellationScope.current()).toThrow(workflow.IllegalStateError);
  });

  it('given no workflow, when modules of workflows are loaded for their definitions, then proxies can be made, and throw when they are called', async () => {
    const { greet } = workflow.proxyActivities<{ greet(): Promise<string> }>({ startToCloseTimeout: 1 });
    await expect(greet()).rejects.toThrow(workflow.IllegalStateError);
    const { events } = workflow.proxySinks<{ events: { happened(): void } }>();
    expect(() => events.happened()).toThrow(workflow.IllegalStateError);
    await expect(workflow.proxyLocalActivities<{ greet(): Promise<string> }>({ startToCloseTimeout: 1 }).greet()).rejects.toThrow(workflow.IllegalStateError);
    workflow.log.info('nobody hears it');
    expect(workflow.inWorkflowContext()).toBe(false);
  });

  it('given definitions, when they are made outside, then they carry their names, so that clients can use them', () => {
    expect(workflow.defineSignal('approve')).toEqual({ type: 'signal', name: 'approve' });
    expect(workflow.defineQuery('status')).toEqual({ type: 'query', name: 'status' });
  });
});
