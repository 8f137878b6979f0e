import { describe, expect, it } from '@jest/globals';
import { BUSINESS_FAILURE } from './activities.js';
import { LEDGER_KIND } from './ledger.js';
import { orderWorkflowId, returnWorkflowId, SERVICES, stockIntakeWorkflowId, WORKFLOW_TYPE } from './platform.js';

describe('the platform’s names', () => {
  it('given one id, when it names an order, a return and an intake, then their workflow ids differ', () => {
    expect(new Set([orderWorkflowId('1'), returnWorkflowId('1'), stockIntakeWorkflowId('1')]).size).toBe(3);
    expect(orderWorkflowId('1')).toBe('order-1');
  });

  it.each([
    ['business failures', BUSINESS_FAILURE],
    ['ledger kinds', LEDGER_KIND],
    ['workflow types', WORKFLOW_TYPE],
  ])('given the %s, when they are compared, then no value stands twice', (_name, values) => {
    expect(new Set(Object.values(values)).size).toBe(Object.values(values).length);
  });

  it('given the services, when their names become roles and schemas, then they are plain identifiers', () => {
    for (const service of SERVICES) expect(service).toMatch(/^[a-z]+$/);
  });
});
