import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  `CREATE TABLE gateway.api_key (
    id text PRIMARY KEY,
    token_sha256 bytea NOT NULL CHECK (octet_length(token_sha256) = 32),
    role text NOT NULL CHECK (role IN ('orders', 'operator', 'viewer')),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
  )`,
  `CREATE TABLE gateway.import (
    id uuid PRIMARY KEY,
    placed_by text NOT NULL,
    traceparent text NOT NULL,
    stock_per_sku integer NOT NULL CHECK (stock_per_sku >= 0),
    status text NOT NULL CHECK (status IN ('uploading', 'interrupted', 'queued', 'stocking', 'running', 'completed', 'failed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    uploaded_at timestamptz,
    placing_at timestamptz,
    finished_at timestamptz,
    bytes bigint NOT NULL DEFAULT 0,
    lines bigint NOT NULL DEFAULT 0,
    failure text
  )`,
  `CREATE INDEX import_active ON gateway.import (created_at) WHERE status IN ('uploading', 'queued', 'stocking', 'running')`,
  `CREATE INDEX import_newest ON gateway.import (created_at DESC, id DESC)`,
  `CREATE TABLE gateway.import_line (
    import_id uuid NOT NULL REFERENCES gateway.import ON DELETE CASCADE,
    line_number bigint NOT NULL,
    invoice_number text NOT NULL,
    sku text NOT NULL,
    description text,
    quantity integer NOT NULL,
    unit_price_minor bigint NOT NULL,
    customer_id text,
    country text NOT NULL,
    rejected boolean NOT NULL DEFAULT false,
    PRIMARY KEY (import_id, line_number)
  )`,
  `CREATE INDEX import_line_invoice ON gateway.import_line (import_id, invoice_number, line_number)`,
  `CREATE TABLE gateway.import_rejection (
    import_id uuid NOT NULL REFERENCES gateway.import ON DELETE CASCADE,
    line_number bigint NOT NULL,
    scope text NOT NULL CHECK (scope IN ('row', 'invoice')),
    reason text NOT NULL,
    invoice_number text,
    detail text,
    PRIMARY KEY (import_id, line_number, scope)
  )`,
  // State of a sale: pending, placed, then how its order ended; of a cancellation: pending, decided, placed, then how its return ended.
  // Either may be rejected instead.
  `CREATE TABLE gateway.import_invoice (
    import_id uuid NOT NULL REFERENCES gateway.import ON DELETE CASCADE,
    invoice_number text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('sale', 'cancellation')),
    position bigint NOT NULL,
    customer_id text,
    country text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'decided', 'placed', 'completed', 'compensated', 'cancelled', 'failed', 'rejected')),
    reference_id text,
    workflow_id text,
    already_placed boolean NOT NULL DEFAULT false,
    amount_minor bigint,
    outcome_reason text,
    failed_step text,
    accept_ms double precision,
    completion_ms double precision,
    PRIMARY KEY (import_id, invoice_number)
  )`,
  `CREATE INDEX import_invoice_state ON gateway.import_invoice (import_id, kind, state, position)`,
  `CREATE INDEX import_invoice_customer ON gateway.import_invoice (import_id, customer_id, position)`,
  // How much of a sale has been given back, whoever asked. The constraint is what makes returning a piece twice impossible.
  `CREATE TABLE gateway.returnable_line (
    order_id text NOT NULL,
    sku text NOT NULL,
    unit_price_minor bigint NOT NULL,
    sold bigint NOT NULL CHECK (sold > 0),
    returned bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, sku, unit_price_minor),
    CHECK (returned BETWEEN 0 AND sold)
  )`,
  `CREATE TABLE gateway.order_return (
    return_id text PRIMARY KEY,
    fingerprint text NOT NULL,
    placed_by text NOT NULL,
    import_id uuid,
    customer_id text,
    return_order jsonb NOT NULL,
    amount_minor bigint NOT NULL,
    traceparent text,
    status text NOT NULL CHECK (status IN ('decided', 'running', 'completed', 'compensated', 'cancelled', 'failed')),
    decided_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz
  )`,
  `CREATE INDEX order_return_undecided ON gateway.order_return (decided_at) WHERE status = 'decided'`,
  `CREATE TABLE gateway.return_line (
    return_id text NOT NULL REFERENCES gateway.order_return,
    order_id text NOT NULL,
    sku text NOT NULL,
    unit_price_minor bigint NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, order_id, sku, unit_price_minor)
  )`,
  `CREATE INDEX return_line_order ON gateway.return_line (order_id)`,
  // What was decided about a cancelled invoice, once and for all imports; a rejected one too, so that the same file has no new effect.
  `CREATE TABLE gateway.cancellation_decision (
    invoice_number text PRIMARY KEY,
    fingerprint text NOT NULL,
    return_id text REFERENCES gateway.order_return,
    rejections jsonb NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now()
  )`,
];

const TABLES = ['cancellation_decision', 'return_line', 'order_return', 'returnable_line', 'import_invoice', 'import_rejection', 'import_line', 'import', 'api_key'];

export class CreateGatewayTables1700000000000 implements MigrationInterface {
  readonly name = 'CreateGatewayTables1700000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES) await queryRunner.query(`DROP TABLE gateway.${table}`);
  }
}
