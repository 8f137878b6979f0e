import type { z } from 'zod';
import { ConfigurationError, type ConfigurationViolation } from './configuration-error.js';

/** A zod object whose keys are the names of environment variables. */
export type ConfigurationSchema = z.ZodObject;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a service's configuration. A variable that is set but empty counts as not set, since compose files and CI write it so.
 *
 * @param schema its keys are the variables that are read; all others are left alone
 * @param env default: the process's environment, which nothing else of the platform reads
 * @throws {ConfigurationError} naming every bad variable, without its value
 */
export function readConfiguration<S extends ConfigurationSchema>(schema: S, env: Environment = process.env): z.output<S> {
  const input: Record<string, string> = {};
  for (const variable of Object.keys(schema.shape)) {
    const value = env[variable];
    if (value !== undefined && value !== '') input[variable] = value;
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const violations: ConfigurationViolation[] = result.error.issues.map((issue) => {
    const variable = String(issue.path[0] ?? '(all)');
    const missing = issue.path.length === 1 && input[variable] === undefined && variable in schema.shape;
    return { variable, message: missing ? 'is required' : issue.message };
  });
  throw new ConfigurationError(violations);
}
