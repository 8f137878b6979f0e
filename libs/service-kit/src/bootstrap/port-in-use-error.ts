/** Another process listens on the address already. */
export class PortInUseError extends Error {
  readonly code = 'PORT_IN_USE';

  constructor(
    readonly host: string,
    readonly port: number,
    options?: ErrorOptions,
  ) {
    super(`Port ${port} on ${host} is taken by another process. Set PORT to a free one, or to 0 to let the system choose.`, options);
    this.name = 'PortInUseError';
  }
}
