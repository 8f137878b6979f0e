import { describe, expect, it } from '@jest/globals';
import { ValueError } from '@backstitch/protocol/payloads';
import {
  decodeWorkflowIdConflictPolicy,
  decodeWorkflowIdReusePolicy,
  encodeWorkflowIdConflictPolicy,
  encodeWorkflowIdReusePolicy,
  WorkflowIdReusePolicy,
} from './policies.js';

describe('policies as names and numbers', () => {
  it.each([
    ['ALLOW_DUPLICATE', 1],
    ['ALLOW_DUPLICATE_FAILED_ONLY', 2],
    ['REJECT_DUPLICATE', 3],
    ['TERMINATE_IF_RUNNING', 4],
  ] as const)('given %s, when it is encoded and decoded, then it is %d and itself, with the prefix too', (name, number) => {
    expect(encodeWorkflowIdReusePolicy(name)).toBe(number);
    expect(encodeWorkflowIdReusePolicy(`WORKFLOW_ID_REUSE_POLICY_${name}`)).toBe(number);
    expect(decodeWorkflowIdReusePolicy(number)).toBe(name);
    expect(WorkflowIdReusePolicy[name]).toBe(name);
  });

  it('given nothing, when it is encoded or decoded, then it is nothing; given what is no policy, then it is refused', () => {
    expect([encodeWorkflowIdConflictPolicy(undefined), decodeWorkflowIdConflictPolicy(null), decodeWorkflowIdConflictPolicy(0)]).toEqual([undefined, undefined, undefined]);
    expect(encodeWorkflowIdConflictPolicy('USE_EXISTING')).toBe(2);
    expect(() => decodeWorkflowIdConflictPolicy('SOMETIMES' as never)).toThrow(ValueError);
  });
});
