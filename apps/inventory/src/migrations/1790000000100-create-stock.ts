import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Balances, reservations, returns and the movements that add up to the balances. What must never happen is a constraint here, whatever the code
 * does: more reserved than on hand, more deducted than reserved, more returned than deducted, one movement twice.
 *
 * Lines carry no foreign key to stock: they are written only in transactions that hold the stock rows' locks, and a check for each line would cost more
 * than the rest of a reservation.
 */
export class CreateStock1790000000100 implements MigrationInterface {
  name = 'CreateStock1790000000100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE stock (
        sku text COLLATE "C" PRIMARY KEY CHECK (sku <> '' AND sku = upper(sku)),
        on_hand bigint NOT NULL CHECK (on_hand >= 0),
        reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
        CONSTRAINT stock_never_oversold CHECK (reserved <= on_hand)
      ) WITH (fillfactor = 70)`);

    await runner.query(`
      CREATE TABLE reservation (
        order_id text COLLATE "C" PRIMARY KEY,
        reservation_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
        state text NOT NULL CHECK (state IN ('held', 'deducted', 'released')),
        reserved_by text NOT NULL,
        deducted_by text,
        reserved_at timestamptz NOT NULL DEFAULT now(),
        changed_at timestamptz NOT NULL DEFAULT now(),
        CHECK (state <> 'deducted' OR deducted_by IS NOT NULL)
      ) WITH (fillfactor = 80)`);
    await runner.query(`COMMENT ON COLUMN reservation.reserved_by IS 'key of the step that reserved; only its undo releases'`);
    await runner.query(`COMMENT ON COLUMN reservation.deducted_by IS 'key of the step that deducted, kept when it is undone; only its undo restores'`);

    await runner.query(`
      CREATE TABLE reservation_line (
        order_id text COLLATE "C" NOT NULL,
        sku text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CHECK (quantity > 0),
        deducted bigint NOT NULL DEFAULT 0 CHECK (deducted >= 0 AND deducted <= quantity),
        returned bigint NOT NULL DEFAULT 0 CHECK (returned >= 0),
        CONSTRAINT reservation_line_never_over_returned CHECK (returned <= deducted),
        PRIMARY KEY (order_id, sku)
      ) WITH (fillfactor = 80)`);

    await runner.query(`
      CREATE TABLE stock_return (
        return_id text COLLATE "C" PRIMARY KEY,
        state text NOT NULL CHECK (state IN ('received', 'reverted')),
        received_by text NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        changed_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE stock_return_line (
        return_id text COLLATE "C" NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        sku text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (return_id, order_id, sku)
      )`);

    await runner.query(`
      CREATE TABLE stock_movement (
        movement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind text NOT NULL,
        order_id text COLLATE "C",
        reference text COLLATE "C",
        sku text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CHECK (quantity > 0),
        recorded_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT stock_movement_once UNIQUE NULLS NOT DISTINCT (order_id, sku, kind, reference)
      )`);
    await runner.query(`
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
      END $$`);
    await runner.query(`
      CREATE TRIGGER stock_movement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movement
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE stock_movement, stock_return_line, stock_return, reservation_line, reservation, stock');
    await runner.query('DROP FUNCTION refuse_change()');
  }
}
