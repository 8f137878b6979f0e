import { describe, expect, it } from '@jest/globals';
import { InvalidOutcomeEnvelopeError, readOutcomeEnvelope } from './outcome-envelope.js';

const OUTCOME = {
  workflowId: 'w',
  runId: '01890000-0000-7000-8000-000000000000',
  scheduledEventId: 5,
  attempt: 1,
  dispatch: 1,
  key: 'k',
  startedAtMs: 1,
  finishedAtMs: 2,
  identity: 'i',
  outcome: { status: 'completed', result: 7 } as unknown,
};
const envelopeOf = (changes: object = {}): unknown => ({ envelopeVersion: 1, kind: 'outcomes', outcomes: [{ ...OUTCOME, ...changes }] });
const isRead = (data: unknown): boolean => {
  try {
    readOutcomeEnvelope('q', 'j', data);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOutcomeEnvelopeError);
    return false;
  }
};

describe('an envelope of outcomes', () => {
  it.each([
    {},
    { outcome: { status: 'failed', failure: { message: 'm' } } },
    { outcome: { status: 'canceled' } },
    { outcome: { status: 'running' } },
    { outcome: { status: 'running', completesOutside: true }, heartbeatDetails: 7 },
    { repeated: true },
    { runId: 'ABCDEF00-0000-7000-8000-000000000000' },
  ])('given %j in an outcome, when it is read, then it is taken', (changes) => {
    expect(isRead(envelopeOf(changes))).toBe(true);
  });

  it('given any field with any odd value, when it is read, then it is refused unless the field takes it', () => {
    const odd = [undefined, null, '', 0, -1, 1.5, Infinity, true, [], {}, 'x', { status: 'failed' }, { status: 'failed', failure: { message: 1 } }];
    const valid = (field: string, value: unknown): boolean =>
      (typeof OUTCOME[field as keyof typeof OUTCOME] === 'number' && field.endsWith('Ms') && Number.isFinite(value)) || ((field === 'key' || field === 'identity') && typeof value === 'string') || (field === 'workflowId' && value === 'x');
    for (const field of Object.keys(OUTCOME)) {
      for (const value of odd) {
        expect([field, value, isRead(envelopeOf({ [field]: value }))]).toEqual([field, value, valid(field, value)]);
      }
    }
  });

  it('given a result that is left out, when it is read, then it is null', () => {
    expect(readOutcomeEnvelope('q', 'j', envelopeOf({ outcome: { status: 'completed' } })).outcomes[0]?.outcome).toEqual({ status: 'completed', result: null });
  });
});
