/** A line of which there is too little, in pieces. */
export interface ShortLine {
  sku: string;
  requested: number;
  available: number;
}

/** An order asks for more than is there; nothing was reserved. Lists every short line. */
export class OutOfStockError extends Error {
  readonly code = 'OUT_OF_STOCK';
  constructor(
    readonly orderId: string,
    readonly lines: ShortLine[],
  ) {
    super(`Order ${orderId} asks for more than is available of ${lines.length} SKU(s), first ${lines[0]?.sku}.`);
    this.name = 'OutOfStockError';
  }
}

/** An order asks for SKUs that have never been received; nothing was reserved. */
export class SkuUnknownError extends Error {
  readonly code = 'SKU_UNKNOWN';
  constructor(
    readonly orderId: string,
    readonly skus: string[],
  ) {
    super(`Order ${orderId} asks for ${skus.length} unknown SKU(s), first ${skus[0]}.`);
    this.name = 'SkuUnknownError';
  }
}

/** The order has a reservation already, made by another step. */
export class OrderAlreadyReservedError extends Error {
  readonly code = 'ORDER_ALREADY_RESERVED';
  constructor(readonly orderId: string) {
    super(`Order ${orderId} was reserved before, by another step.`);
    this.name = 'OrderAlreadyReservedError';
  }
}

/** There is no reservation in the state that the step needs. */
export class ReservationStateError extends Error {
  readonly code = 'RESERVATION_STATE';
  constructor(
    readonly orderId: string,
    /** Absent: there is none. */
    readonly state: string | undefined,
    readonly attempted: 'deduct' | 'release',
  ) {
    super(`Cannot ${attempted} the stock of order ${orderId}: ${state === undefined ? 'it has no reservation' : `its reservation is ${state}`}.`);
    this.name = 'ReservationStateError';
  }
}

/** A deduction cannot be undone since pieces of the order have come back already. */
export class DeductionReturnedError extends Error {
  readonly code = 'DEDUCTION_RETURNED';
  constructor(readonly orderId: string) {
    super(`The deduction of order ${orderId} cannot be undone: pieces of it were returned.`);
    this.name = 'DeductionReturnedError';
  }
}

/** A line of a return that is larger than what was deducted for its order less earlier returns. */
export interface ExcessLine {
  orderId: string;
  sku: string;
  requested: number;
  returnable: number;
}

/** A return brings back more than was sold; nothing was received. Lists every such line. */
export class ReturnExceedsSaleError extends Error {
  readonly code = 'RETURN_EXCEEDS_SALE';
  constructor(
    readonly returnId: string,
    readonly lines: ExcessLine[],
  ) {
    super(`Return ${returnId} brings back more than was sold in ${lines.length} line(s), first ${lines[0]?.sku} of order ${lines[0]?.orderId}.`);
    this.name = 'ReturnExceedsSaleError';
  }
}

/** The return was received before, by another step. */
export class ReturnAlreadyReceivedError extends Error {
  readonly code = 'RETURN_ALREADY_RECEIVED';
  constructor(readonly returnId: string) {
    super(`Return ${returnId} was received before, by another step.`);
    this.name = 'ReturnAlreadyReceivedError';
  }
}

/** A return cannot be taken back yet, since other orders have reserved its pieces. May pass as orders are released. */
export class ReturnedPiecesReservedError extends Error {
  readonly code = 'RETURNED_PIECES_RESERVED';
  constructor(
    readonly returnId: string,
    readonly lines: ShortLine[],
  ) {
    super(`Return ${returnId} cannot be taken back: other orders have reserved pieces of ${lines.length} SKU(s), first ${lines[0]?.sku}.`);
    this.name = 'ReturnedPiecesReservedError';
  }
}
