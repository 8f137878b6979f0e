import { createInboxMigration, createInboxRetentionMigration } from '@backstitch/activity';
import { CreateShipment1790000000100 } from './1790000000100-create-shipment.js';

/** In order of time: TypeORM reads it off the names. */
export const migrations = [createInboxMigration(), createInboxRetentionMigration(), CreateShipment1790000000100];
