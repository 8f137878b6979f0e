import { describe, expect, it } from '@jest/globals';
import { compensationQueueOf, outcomesQueueOf, serviceOfQueue, serviceQueues } from './queue-names.js';

describe('queue names', () => {
  it('given a service, when its queues are named, then each bears the service in front', () => {
    expect(serviceQueues('inventory')).toEqual({ tasks: 'inventory', compensation: 'inventory.compensation', outcomes: 'inventory.outcomes' });
  });

  it.each(['inventory', 'inventory.compensation', 'inventory.outcomes'])('given queue %s, when its service is asked for, then it is inventory', (queue) => {
    expect(serviceOfQueue(queue)).toBe('inventory');
    expect(compensationQueueOf(queue)).toBe('inventory.compensation');
    expect(outcomesQueueOf(queue)).toBe('inventory.outcomes');
  });
});
