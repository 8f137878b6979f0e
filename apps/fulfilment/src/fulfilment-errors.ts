/** The carrier does not go to that country; nothing was registered. */
export class AddressNotServedError extends Error {
  readonly code = 'ADDRESS_NOT_SERVED';
  constructor(
    readonly orderId: string,
    readonly country: string,
  ) {
    super(`Order ${orderId} cannot be shipped: ${country} is not served.`);
    this.name = 'AddressNotServedError';
  }
}

/** The order has a shipment already, made by another step. */
export class OrderAlreadyShippedError extends Error {
  readonly code = 'ORDER_ALREADY_SHIPPED';
  constructor(readonly orderId: string) {
    super(`Order ${orderId} was shipped before, by another step.`);
    this.name = 'OrderAlreadyShippedError';
  }
}

/** The carrier has the shipment: it cannot be cancelled any more. */
export class ShipmentDispatchedError extends Error {
  readonly code = 'SHIPMENT_DISPATCHED';
  constructor(
    readonly orderId: string,
    readonly trackingNumber: string | null,
  ) {
    super(`The shipment of order ${orderId} has been dispatched and cannot be cancelled.`);
    this.name = 'ShipmentDispatchedError';
  }
}

/** The shipment is being handed over just now; whether the carrier has it will be known soon. */
export class ShipmentDispatchingError extends Error {
  readonly code = 'SHIPMENT_DISPATCHING';
  constructor(readonly orderId: string) {
    super(`The shipment of order ${orderId} is being handed to the carrier.`);
    this.name = 'ShipmentDispatchingError';
  }
}
