import { createInboxMigration, createInboxRetentionMigration } from '@backstitch/activity';
import { CreatePayment1763000000001 } from './1763000000001-create-payment.js';

/** The service's migrations, oldest first. */
export const migrations = [createInboxMigration('payment'), createInboxRetentionMigration('payment'), CreatePayment1763000000001];
