import { connectActivities } from '@backstitch/activity';
import { bootstrapService } from '@backstitch/service-kit';
import { AppModule } from './app.module.js';
import { configurationSchema } from './configuration.js';

await bootstrapService({
  service: 'inventory',
  configuration: configurationSchema,
  module: (configuration, context) => AppModule.forRoot(configuration, context),
  configure: (app) => connectActivities(app),
});
