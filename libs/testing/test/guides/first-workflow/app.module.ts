import { ActivityModule } from '@backstitch/activity';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Mailer } from './mailer.js';
import { WelcomeActivities } from './welcome-activities.js';

@Module({
  imports: [
    ActivityModule.forRootAsync({
      inject: [DataSource],
      useFactory: (dataSource: DataSource) => ({
        service: 'mail',
        dataSource,
        connection: { backend: 'redis', url: 'redis://127.0.0.1:6379' },
      }),
    }),
  ],
  controllers: [WelcomeActivities],
  providers: [Mailer],
})
export class AppModule {}
