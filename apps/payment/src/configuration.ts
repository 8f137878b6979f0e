import { commonConfiguration, databaseConfiguration, httpUrlVariable, integerVariable, portVariable, queueConfiguration, retentionConfiguration, taskTokenConfiguration } from '@backstitch/service-kit';
import { z } from 'zod';

/** A simulator takes any key of Stripe's form. */
export const SIMULATOR_API_KEY = 'sk_test_simulator';

/** What payment reads from its environment. */
export const configurationSchema = z
  .object({
    ...commonConfiguration,
    ...databaseConfiguration,
    ...queueConfiguration,
    ...retentionConfiguration,
  ...taskTokenConfiguration,
    PORT: portVariable(3003),
    /** Each attempt holds a connection while it waits for Stripe: what is worked on at once follows from this, see {@link concurrencies}. */
    DATABASE_POOL_MAX: integerVariable({ min: 4, max: 500 }).default(16),
    /** Not needed with a simulator. */
    STRIPE_API_KEY: z.string().regex(/^(sk|rk)_\w+$/, "must be one of Stripe's secret or restricted keys").optional(),
    /** Origin of a simulator. Not set: Stripe itself. */
    STRIPE_API_BASE: httpUrlVariable().optional(),
    /** How long one request to Stripe may take, in milliseconds. */
    STRIPE_TIMEOUT_MS: integerVariable({ min: 100, max: 120_000 }).default(10_000),
  })
  .refine(({ STRIPE_API_KEY, STRIPE_API_BASE }) => STRIPE_API_KEY !== undefined || STRIPE_API_BASE !== undefined, {
    message: 'set STRIPE_API_KEY to charge at Stripe, or STRIPE_API_BASE to charge at a simulator',
  })
  .refine(({ STRIPE_API_KEY, STRIPE_API_BASE }) => STRIPE_API_BASE === undefined || !/^(sk|rk)_live_/.test(STRIPE_API_KEY ?? ''), {
    message: 'STRIPE_API_KEY is a live key, which is not sent to STRIPE_API_BASE: unset one of them',
  });

export type Configuration = z.output<typeof configurationSchema>;

/** How many steps and undos are worked on at once with a pool of that many connections, two of which stay free. */
export function concurrencies(poolMax: number): { concurrency: number; compensationConcurrency: number } {
  const compensationConcurrency = Math.max(1, Math.floor((poolMax - 2) / 3));
  return { concurrency: poolMax - 2 - compensationConcurrency, compensationConcurrency };
}
