/** A value cannot be used where it was given. */
export class ValueError extends Error {
  override readonly name: string = 'ValueError';

  constructor(message: string | undefined, override readonly cause?: unknown) {
    super(message);
  }
}

/** A value cannot be turned into a payload, or a payload not into a value. */
export class PayloadConverterError extends ValueError {
  override readonly name: string = 'PayloadConverterError';
}
