import { LIMITS, type StartWorkflowsRequest } from '@backstitch/protocol';

const NAME_LENGTH_MAX = 255;
const FINGERPRINT_LENGTH_MAX = 1_000;
const TRACEPARENT_LENGTH_MAX = 100;

/**
 * Whether a body is certainly a valid request for starts, told at a tenth of what its schema costs. False says nothing: the schema decides, and words what
 * is wrong. Each start of a bulk call passes here, so it counts.
 */
export function isPlainStarts(body: unknown): body is StartWorkflowsRequest {
  if (typeof body !== 'object' || body === null || Object.keys(body).length !== 1) {
    return false;
  }
  const { starts } = body as { starts?: unknown };
  return Array.isArray(starts) && starts.length > 0 && starts.length <= LIMITS.startsPerCallMax && starts.every(isPlainStart);
}

function isPlainStart(start: unknown): boolean {
  if (typeof start !== 'object' || start === null) {
    return false;
  }
  const { workflowId, workflowType, args } = start as Record<string, unknown>;
  if (!isText(workflowId, LIMITS.workflowIdLengthMax) || !isText(workflowType, NAME_LENGTH_MAX) || !Array.isArray(args)) {
    return false;
  }
  for (const key of Object.keys(start)) {
    const value = (start as Record<string, unknown>)[key];
    switch (key) {
      case 'workflowId':
      case 'workflowType':
      case 'args':
        break;
      case 'memo':
        if (!isObject(value)) return false;
        break;
      case 'searchAttributes':
        if (!isObject(value) || !arePlainAttributes(value)) return false;
        break;
      case 'requestFingerprint':
        if (!isText(value, FINGERPRINT_LENGTH_MAX)) return false;
        break;
      case 'identity':
        if (!isText(value, NAME_LENGTH_MAX)) return false;
        break;
      case 'traceparent':
        if (!isText(value, TRACEPARENT_LENGTH_MAX)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

function arePlainAttributes(attributes: Record<string, unknown>): boolean {
  return Object.keys(attributes).every((name) => {
    const values = attributes[name];
    return isText(name, NAME_LENGTH_MAX) && name !== '__proto__' && Array.isArray(values) && values.every(isAttributeValue);
  });
}

function isAttributeValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function isText(value: unknown, lengthMax: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= lengthMax && !value.includes('\0');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
