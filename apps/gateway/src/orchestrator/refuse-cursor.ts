import { ControlApiError } from '@backstitch/protocol';
import { refuseRequest } from '../problems/problem-error.js';

/** What the orchestrator finds wrong with a list's request can only be its cursor: all else was validated here. @throws always */
export function refuseCursor(error: unknown): never {
  if (error instanceof ControlApiError && error.code === 'INVALID_REQUEST') refuseRequest([{ in: 'query', pointer: '/cursor', detail: 'is no cursor of this list' }]);
  throw error;
}
