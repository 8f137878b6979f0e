import { commonConfiguration, databaseConfiguration, integerVariable, portVariable, queueConfiguration, retentionConfiguration, taskTokenConfiguration } from '@backstitch/service-kit';
import { z } from 'zod';

export const configurationSchema = z.object({
  ...commonConfiguration,
  PORT: portVariable(3002),
  ...databaseConfiguration,
  /** Shared out among steps and undos at once; see sharePool. */
  DATABASE_POOL_MAX: integerVariable({ min: 4, max: 500 }).default(20),
  ...queueConfiguration,
  ...retentionConfiguration,
  ...taskTokenConfiguration,
});

export type InventoryConfiguration = z.output<typeof configurationSchema>;
