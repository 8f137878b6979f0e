import type { ControlError, ControlErrorCode } from '@backstitch/protocol';

/** What an answer of the control API says went wrong with a part of the call. */
export class ControlAnswerError extends Error {
  override readonly name = 'ControlAnswerError';
  readonly code: ControlErrorCode;
  constructor({ code, message }: Pick<ControlError, 'code' | 'message'>) {
    super(message);
    this.code = code;
  }
}
