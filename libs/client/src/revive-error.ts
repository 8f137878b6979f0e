import {
  ActivityAlreadyClosedError,
  ActivityNotFoundError,
  IncidentAlreadyResolvedError,
  IncidentNotFoundError,
  InternalError,
  InvalidRequestError,
  ListFilterInvalidError,
  OverloadedError,
  PayloadTooLargeError,
  QueryFailedError,
  QueryNotRegisteredError,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  SignalNameReservedError,
  StoreUnavailableError,
  UnauthenticatedError,
  UpdateNotFoundError,
  UpdateRejectedError,
  WorkflowAlreadyClosedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowTypeUnknownError,
  type ControlApiError,
  type ControlError,
  type Failure,
} from '@backstitch/protocol';

const RETRY_AFTER_DEFAULT_MS = 1_000;

/** The error that the orchestrator threw, from its form on the wire. A code of a later version becomes InternalError. */
export function reviveControlError(error: ControlError): ControlApiError {
  const text = (field: string): string => {
    const value = error.details?.[field];
    return typeof value === 'string' ? value : '';
  };
  const number = (field: string, otherwise = 0): number => {
    const value = error.details?.[field];
    return typeof value === 'number' ? value : otherwise;
  };
  switch (error.code) {
    case 'WORKFLOW_NOT_FOUND':
      return new WorkflowNotFoundError(text('workflowId'));
    case 'INCIDENT_NOT_FOUND':
      return new IncidentNotFoundError(text('workflowId'), number('incidentNumber'));
    case 'UPDATE_NOT_FOUND':
      return new UpdateNotFoundError(text('workflowId'), text('updateId'));
    case 'UPDATE_REJECTED':
      return new UpdateRejectedError(text('updateId'), (error.details?.['failure'] ?? { message: error.message }) as unknown as Failure);
    case 'ACTIVITY_NOT_FOUND':
      return new ActivityNotFoundError(text('workflowId'), text('activityId'));
    case 'ACTIVITY_ALREADY_CLOSED':
      return new ActivityAlreadyClosedError(text('workflowId'), text('activityId'), text('status'));
    case 'SCHEDULE_NOT_FOUND':
      return new ScheduleNotFoundError(text('scheduleId'));
    case 'SCHEDULE_ALREADY_EXISTS':
      return new ScheduleAlreadyExistsError(text('scheduleId'));
    case 'LIST_FILTER_INVALID':
      return new ListFilterInvalidError(number('position'), text('expected'));
    case 'WORKFLOW_ALREADY_CLOSED':
      return new WorkflowAlreadyClosedError(text('workflowId'), text('status'));
    case 'WORKFLOW_EXECUTION_ALREADY_STARTED':
      return new WorkflowExecutionAlreadyStartedError(text('workflowId'), text('runId'));
    case 'INCIDENT_ALREADY_RESOLVED':
      return new IncidentAlreadyResolvedError(text('workflowId'), number('incidentNumber'));
    case 'WORKFLOW_TYPE_UNKNOWN':
      return new WorkflowTypeUnknownError(text('workflowType'));
    case 'SEARCH_ATTRIBUTE_UNKNOWN':
      return new SearchAttributeUnknownError(text('attribute'));
    case 'SEARCH_ATTRIBUTE_INVALID':
      return new SearchAttributeInvalidError(text('attribute'), text('expected'));
    case 'QUERY_NOT_REGISTERED':
      return new QueryNotRegisteredError(text('queryName'));
    case 'QUERY_FAILED':
      return new QueryFailedError(text('queryName'), text('reason'));
    case 'SIGNAL_NAME_RESERVED':
      return new SignalNameReservedError(text('signalName'));
    case 'INVALID_REQUEST':
      return new InvalidRequestError(text('where'), text('reason'));
    case 'PAYLOAD_TOO_LARGE':
      return new PayloadTooLargeError(text('what'), number('bytes'), number('bytesMax'));
    case 'UNAUTHENTICATED':
      return new UnauthenticatedError();
    case 'OVERLOADED':
      return new OverloadedError(number('retryAfterMs', RETRY_AFTER_DEFAULT_MS));
    case 'STORE_UNAVAILABLE':
      return new StoreUnavailableError(number('retryAfterMs', RETRY_AFTER_DEFAULT_MS));
    case 'INTERNAL':
      return new InternalError(error.message);
    default:
      // A later orchestrator may know more codes than this client.
      error.code satisfies never;
      return new InternalError((error as ControlError).message);
  }
}
