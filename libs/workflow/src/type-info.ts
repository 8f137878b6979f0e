/**
 * How values of a type are turned into what is transported. Backstitch carries plain JSON and does no such conversion: definitions may carry it for
 * others who read them, calls that would need it refuse it.
 */
export interface TypeInfo<T = unknown, D = T> {
  transferTypeConverter?: TransferTypeConverter<T, D>;
  payloadConverterHint?: ConverterHint<D>;
}

export interface TransferTypeConverter<T, D = unknown> {
  fromTransferType(value: D): T;
  toTransferType(value: T): D;
}

export interface ConverterHint<T = unknown> {
  converter: string;
  readonly '~value'?: T;
}

export interface PayloadTypeInfo {
  inputTypes?: readonly TypeInfo[];
  outputType?: TypeInfo;
}

export type SignalTypeInfo = Pick<PayloadTypeInfo, 'inputTypes'>;

/** Groups events for people who look at the run. Backstitch takes it and shows no groups. */
export interface EventGroupMarker {
  /** Runs `fn`; what it starts belongs to the group. */
  withScope<Result>(fn: () => Promise<Result>): Promise<Result>;
}

/** Relative importance. Backstitch takes it and dispatches in order of scheduling. */
export interface Priority {
  /** A whole number, not negative; 0 is none. */
  priorityKey?: number;
  fairnessKey?: string;
  fairnessWeight?: number;
}

/** Temporal's older way of saying which workers may take a task. Taken and ignored. */
export type VersioningIntent = 'COMPATIBLE' | 'DEFAULT';
