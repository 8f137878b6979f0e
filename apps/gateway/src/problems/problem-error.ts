import { PROBLEM_TYPES, problemTypeUri, type ProblemType } from './problem-types.js';

/** One way in which a request breaks the contract; `pointer` is a JSON pointer (RFC 6901) into the named part. */
export interface Violation {
  in: 'body' | 'query' | 'path' | 'header';
  pointer: string;
  detail: string;
}

/** RFC 9457 problem details, as they are sent. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  traceId?: string;
  violations?: Violation[];
  [extension: string]: unknown;
}

/** A request that ends in problem details of the given type. Extensions become members of the answer. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly type: ProblemType,
    detail?: string,
    readonly extensions: Record<string, unknown> = {},
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(detail ?? PROBLEM_TYPES[type].title, { cause: options.cause });
    const defaults: { status: number; retryAfterSeconds?: number } = PROBLEM_TYPES[type];
    this.retryAfterSeconds = options.retryAfterSeconds ?? defaults.retryAfterSeconds;
  }

  get status(): number {
    return PROBLEM_TYPES[this.type].status;
  }

  toProblemDetails(instance: string, traceId: string | undefined): ProblemDetails {
    const { title, status } = PROBLEM_TYPES[this.type];
    return { type: problemTypeUri(this.type), title, status, detail: this.message, instance, traceId, ...this.extensions };
  }
}

/** @throws always ProblemError `invalid-request` */
export function refuseRequest(violations: Violation[]): never {
  throw new ProblemError('invalid-request', violations.map(({ pointer, detail }) => `${pointer === '' ? 'the whole' : pointer}: ${detail}`).slice(0, 3).join('; '), {
    violations,
  });
}
