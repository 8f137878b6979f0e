import type { Readable } from 'node:stream';

/** The upload ended before its end: the sender went away or sent nothing for too long. */
export class UploadBrokenError extends Error {
  override readonly name = 'UploadBrokenError';
  readonly code = 'UPLOAD_BROKEN';
  constructor(reason: string, options?: ErrorOptions) {
    super(`The upload broke off: ${reason}.`, options);
  }
}

/**
 * The pieces of an upload. The sender has `timeoutMs` for each; while a piece is stored nobody waits for it, so that time does not count.
 * @throws {UploadBrokenError}
 */
export async function* withIdleTimeout(body: Readable, timeoutMs: number): AsyncGenerator<Buffer> {
  const breakOff = () => body.destroy(new Error(`nothing came for ${timeoutMs} ms`));
  // A timer that was cleared cannot be refreshed: each wait has one of its own.
  let timer = setTimeout(breakOff, timeoutMs);
  // The stream is left open where reading ends early, so that the answer can still be sent.
  const pieces = body.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await pieces.next().catch((cause: unknown) => {
        throw new UploadBrokenError(cause instanceof Error ? cause.message : 'the stream failed', { cause });
      });
      clearTimeout(timer);
      if (piece.done === true) return;
      yield piece.value as Buffer;
      timer = setTimeout(breakOff, timeoutMs);
    }
  } finally {
    clearTimeout(timer);
    await pieces.return?.();
  }
}
