import type { Failure } from '@backstitch/protocol';

const CAUSES_SHOWN_MAX = 10;

/** A failure in one line, with its causes: `Activity task failed: CardDeclined: the card was declined`. */
export function failureText(failure: Failure): string {
  const parts: string[] = [];
  for (let each: Failure | undefined = failure; each !== undefined && parts.length < CAUSES_SHOWN_MAX; each = each.cause) {
    const type = each.applicationFailureInfo?.type;
    parts.push(type === undefined || type === 'Error' ? each.message : `${type}: ${each.message}`);
  }
  return parts.join(' – ');
}
