import { commaSeparatedVariable, commonConfiguration, databaseConfiguration, integerVariable, portVariable, queueConfiguration, retentionConfiguration, taskTokenConfiguration } from '@backstitch/service-kit';
import { z } from 'zod';

export const configurationSchema = z.object({
  ...commonConfiguration,
  PORT: portVariable(3004),
  ...databaseConfiguration,
  /** Shared out among steps and undos at once; see sharePool. */
  DATABASE_POOL_MAX: integerVariable({ min: 4, max: 500 }).default(20),
  ...queueConfiguration,
  ...retentionConfiguration,
  ...taskTokenConfiguration,
  /** Orders to these countries are refused, whatever the case of the letters. */
  COUNTRIES_NOT_SERVED: commaSeparatedVariable(),
  /** The simulated carrier picks shipments up once they are this old; until then they can be cancelled. Not set: it never comes. */
  CARRIER_PICKUP_AFTER_MS: integerVariable({ min: 1_000, max: 365 * 86_400_000 }).optional(),
});

export type FulfilmentConfiguration = z.output<typeof configurationSchema>;
