import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigurationError } from './configuration-error.js';
import { queueConnectionFrom } from './queue-connection.js';
import { readConfiguration } from './read-configuration.js';
import { commonConfiguration, databaseConfiguration, queueConfiguration } from './shapes.js';
import { commaSeparatedVariable, portVariable } from './variables.js';

const schema = z.object({ ...commonConfiguration, PORT: portVariable(3002), ...databaseConfiguration, ...queueConfiguration, COUNTRIES: commaSeparatedVariable() });
const DATABASE_URL = 'postgres://inventory:hunter2@127.0.0.1:5432/backstitch';

function violationsOf(env: Record<string, string>): ConfigurationError {
  try {
    readConfiguration(schema, env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('readConfiguration', () => {
  it('given only what is required, when it is read, then everything else has its default', () => {
    expect(readConfiguration(schema, { DATABASE_URL })).toEqual({
      HOST: '127.0.0.1',
      PORT: 3002,
      LOG_LEVEL: 'info',
      SHUTDOWN_GRACE_MS: 10_000,
      DATABASE_URL,
      DATABASE_POOL_MAX: 10,
      QUEUE_PREFIX: 'backstitch',
      COUNTRIES: [],
    });
  });

  it('given a variable that is set but empty, when it is read, then it counts as not set', () => {
    expect(readConfiguration(schema, { DATABASE_URL, REDIS_URL: '', PORT: '' })).toMatchObject({ PORT: 3002 });
  });

  it('given several bad variables, when they are read, then each is named and no value is told', () => {
    const error = violationsOf({ DATABASE_URL: 'mysql://root:hunter2@db/x', PORT: 'hunter2', REDIS_URL: 'hunter2', LOG_LEVEL: 'hunter2', SHUTDOWN_GRACE_MS: '-1' });
    expect(error.violations.map((violation) => violation.variable).sort()).toEqual(['DATABASE_URL', 'LOG_LEVEL', 'PORT', 'REDIS_URL', 'SHUTDOWN_GRACE_MS']);
    expect(`${error.message} ${JSON.stringify(error.violations)}`).not.toContain('hunter2');
  });

  it('given a missing variable without a default, when it is read, then it says that it is required', () => {
    expect(violationsOf({}).violations).toEqual([{ variable: 'DATABASE_URL', message: 'is required' }]);
  });

  it('given a list, when it is read, then parts are trimmed and empty ones dropped', () => {
    expect(readConfiguration(schema, { DATABASE_URL, COUNTRIES: ' Atlantis, ,Elbonia ' }).COUNTRIES).toEqual(['Atlantis', 'Elbonia']);
  });

  it('given REDIS_URL or none, when the queue connection is derived, then it is Redis, or Postgres over DATABASE_URL', () => {
    expect(queueConnectionFrom(readConfiguration(schema, { DATABASE_URL }))).toEqual({ backend: 'postgres', url: DATABASE_URL });
    expect(queueConnectionFrom(readConfiguration(schema, { DATABASE_URL, REDIS_URL: 'redis://127.0.0.1:6379', QUEUE_PREFIX: 'shop' }))).toEqual({
      backend: 'redis',
      url: 'redis://127.0.0.1:6379',
      prefix: 'shop',
    });
  });
});
