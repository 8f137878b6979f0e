import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { ENVELOPE_VERSION, type RetentionAnswerJob, type RetentionQuestionJob } from './index.js';

const document = parse(readFileSync(new URL('../asyncapi.yaml', import.meta.url), 'utf8')) as { components: { schemas: Record<string, { properties: object }> } };
const ajv = new Ajv2020({ strict: true, strictRequired: false });
ajv.addVocabulary(['asyncapi', 'info', 'defaultContentType', 'channels', 'operations', 'components']);
ajv.addSchema(document, 'asyncapi');

const runs = [{ runId: '0192f0c4-7f3e-7000-8000-000000000001', keys: ['0192f0c4-7f3e-7000-8000-000000000001/5'] }];
// Typed in full, so that a field that is added to the types and not to the document is seen here.
const question: Required<RetentionQuestionJob> = { envelopeVersion: ENVELOPE_VERSION, kind: 'retentionQuestion', runs };
const answer: Required<RetentionAnswerJob> = { envelopeVersion: ENVELOPE_VERSION, kind: 'retentionAnswer', gone: runs, closedRunsKeptMs: 1 };

describe('the published description of retention’s messages', () => {
  it.each([
    ['RetentionQuestionJob', question],
    ['RetentionAnswerJob', answer],
  ] as const)('given a %s with every field, when it is checked, then it is allowed and every field is described; without one it is refused', (schema, message) => {
    const validate = ajv.getSchema(`asyncapi#/components/schemas/${schema}`);
    expect(validate?.(message)).toBe(true);
    expect(Object.keys(document.components.schemas[schema]?.properties ?? {}).sort()).toEqual(Object.keys(message).sort());
    for (const field of Object.keys(message)) expect(validate?.({ ...message, [field]: undefined })).toBe(false);
  });
});
