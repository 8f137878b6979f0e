import { CreateGatewayTables1700000000000 } from './create-gateway-tables.js';

/** The gateway's migrations, in order. */
export const gatewayMigrations = [CreateGatewayTables1700000000000];
