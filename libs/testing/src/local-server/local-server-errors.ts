/** `createLocal` needs a package that is not installed. */
export class LocalServerPackageMissingError extends Error {
  override readonly name = 'LocalServerPackageMissingError';
  readonly code = 'LOCAL_SERVER_PACKAGE_MISSING';
  constructor(
    readonly packageName: string,
    options?: { cause?: unknown },
  ) {
    super(`TestWorkflowEnvironment.createLocal needs ${packageName}: npm install --save-dev ${packageName}`, options);
  }
}

/** The local server did not start, could not do what it was asked to, or has ended. The message says why, in the server's own words. */
export class LocalServerError extends Error {
  override readonly name = 'LocalServerError';
  readonly code = 'LOCAL_SERVER';
}
