import { defaultPayloadConverter } from '@temporalio/workflow';
import { inherit, undoInherited } from './saga.mjs';

/** Signals of Backstitch's own stand in the history and are not for workflow code: nothing sees them, a default handler neither. */
const RESERVED_SIGNAL_PREFIX = '__backstitch_';
const CARRIED_UNDOS_HEADER = '__backstitch_carried_undos';

const dropReservedSignals = (input, next) => {
  const jobs = input.activation.jobs ?? [];
  input.activation.jobs = jobs.filter((job) => !job.signalWorkflow?.signalName?.startsWith(RESERVED_SIGNAL_PREFIX));
  return next(input);
};

const takeOverUndos = (input, next) => {
  const carried = input.headers[CARRIED_UNDOS_HEADER];
  if (carried === undefined) return next(input);
  inherit(defaultPayloadConverter.fromPayload(carried));
  return next(input).catch(undoInherited);
};

export const interceptors = () => ({ inbound: [{ execute: takeOverUndos }], internals: [{ activate: dropReservedSignals }] });
