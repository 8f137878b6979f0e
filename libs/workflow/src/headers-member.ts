import { headersToJson } from '@backstitch/protocol/payloads';

/** Headers as a member of a command, with a comma before it; '' for none. */
export function headersMember(headers: Record<string, unknown> | undefined): string {
  if (headers === undefined || Object.keys(headers).length === 0) return '';
  return `,"headers":${JSON.stringify(headersToJson(headers))}`;
}
