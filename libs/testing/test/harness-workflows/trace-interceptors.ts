import { defaultPayloadConverter, proxySinks, workflowInfo, type Sinks, type WorkflowInterceptors } from '@backstitch/workflow';

export interface TraceSinks extends Sinks {
  traces: { note(text: string): void };
}
const { traces } = proxySinks<TraceSinks>();

/** Hands the header of the start on to activities, and tells a sink. */
export const interceptors = (): WorkflowInterceptors => {
  let trace: unknown;
  return {
    inbound: [
      {
        async execute(input, next) {
          trace = input.headers.trace === undefined ? 'none' : defaultPayloadConverter.fromPayload(input.headers.trace);
          traces.note(`${workflowInfo().workflowType} with ${String(trace)}`);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: async (input, next) => next({ ...input, headers: { ...input.headers, trace: defaultPayloadConverter.toPayload(`${String(trace)}/${input.activityType}`) } }),
        scheduleLocalActivity: async (input, next) => next({ ...input, headers: { ...input.headers, trace: defaultPayloadConverter.toPayload(`${String(trace)}/${input.activityType}`) } }),
      },
    ],
  };
};
