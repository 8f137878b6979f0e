import { describePayload, LIMITS, PayloadTooLargeError, type JsonValue, type StartWorkflowRequest } from '@backstitch/protocol';

/** What a call sends that counts as one payload: a list of arguments, a memo, a result. */
export interface SentPayload {
  /** As an error names it: `The input of signal "go"`. */
  what: string;
  payload: JsonValue | undefined;
  /** Names of the arguments, where they are known. */
  names?: readonly string[];
}

/** The input of a workflow, or of a signal, a query or an update. */
export function inputOf(kind: string, name: string, payload: JsonValue[]): SentPayload {
  return { what: `The input of ${kind} "${name}"`, payload };
}

/** What a start sends. @param names of the arguments, where they are known */
export function payloadsOf({ workflowType, args, memo, signal }: StartWorkflowRequest, names?: readonly string[]): SentPayload[] {
  return [
    { ...inputOf('workflow', workflowType, args), ...(names !== undefined && { names }) },
    { what: `The memo of workflow "${workflowType}"`, payload: memo },
    ...(signal === undefined ? [] : [inputOf('signal', signal.signalName, signal.args)]),
  ];
}

/** A check for a body that is large enough to hold a payload beyond its limit: see ControlCall. @throws PayloadTooLargeError that names the payload and its largest argument */
export function payloadCheck(...payloads: readonly SentPayload[]): () => void {
  return () => payloads.forEach(refuseOversized);
}

function refuseOversized({ what, payload, names }: SentPayload): void {
  if (payload === undefined) return;
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes > LIMITS.payloadBytesMax) throw new PayloadTooLargeError(Array.isArray(payload) ? describePayload(what, payload, names) : what, bytes, LIMITS.payloadBytesMax);
}

/** Whether a body is large enough to hold such a payload. */
export function mayExceedLimit(body: string): boolean {
  // No character takes more than three bytes of UTF-8, so that nearly every body is judged by its length alone.
  return body.length * 3 > LIMITS.payloadBytesMax && Buffer.byteLength(body) > LIMITS.payloadBytesMax;
}

const PARAMETERS = /^(?:async\s*)?(?:function\s*\*?\s*[\w$]*\s*)?\(([^()]*)\)/;
const NAME = /^[\w$]+$/;

/** Names of a function's parameters as its source has them; none where they cannot be told. */
export function parameterNames(named: unknown): readonly string[] {
  if (typeof named !== 'function') return [];
  const list = PARAMETERS.exec(Function.prototype.toString.call(named))?.[1] ?? '';
  const names = list.split(',').map((parameter) => (parameter.split('=')[0] ?? '').replace('...', '').trim());
  return names.every((name) => NAME.test(name)) ? names : [];
}
