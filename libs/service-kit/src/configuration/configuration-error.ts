/** One environment variable that cannot be used, and why. The message never repeats the value. */
export interface ConfigurationViolation {
  variable: string;
  message: string;
}

/** The environment does not fit the configuration's schema. Names every bad variable at once; holds no value of any. */
export class ConfigurationError extends Error {
  readonly code = 'CONFIGURATION_INVALID';

  constructor(readonly violations: readonly ConfigurationViolation[]) {
    super(`Configuration is invalid: ${violations.map(({ variable, message }) => `${variable}: ${message}`).join('; ')}`);
    this.name = 'ConfigurationError';
  }
}
