import { describe, expect, it } from '@jest/globals';
import * as workflow from './index.js';

describe('the authoring API outside of the sandbox', () => {
  it.each([
    ['sleep', () => workflow.sleep(1)],
    ['proxyActivities', () => workflow.proxyActivities({ startToCloseTimeout: 1 })],
    ['condition', () => workflow.condition(() => true)],
    ['setHandler', () => workflow.setHandler(workflow.defineSignal('s'), () => undefined)],
    ['workflowInfo', () => workflow.workflowInfo()],
    ['uuid4', () => workflow.uuid4()],
    ['now', () => workflow.now()],
    ['random', () => workflow.random()],
    ['upsertSearchAttributes', () => workflow.upsertSearchAttributes({})],
    ['saga', () => workflow.saga(async () => undefined)],
    ['log', () => workflow.log.info('x')],
  ])('given no workflow, when %s is called, then it says that it works in workflow code only', (name, call) => {
    expect(call).toThrow(workflow.IllegalStateError);
    expect(call).toThrow(`${name} works in workflow code only`);
  });

  it('given no workflow, when the current scope is asked for, then it says so', () => {
    expect(() => workflow.CancellationScope.current()).toThrow(workflow.IllegalStateError);
  });

  it('given definitions, when they are made outside, then they carry their names, so that clients can use them', () => {
    expect(workflow.defineSignal('approve')).toEqual({ type: 'signal', name: 'approve' });
    expect(workflow.defineQuery('status')).toEqual({ type: 'query', name: 'status' });
  });
});
