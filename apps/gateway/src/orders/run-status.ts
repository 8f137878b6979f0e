import type { JsonValue, WorkflowExecutionStatus } from '@backstitch/protocol';

/** How a closed order or return ended; undefined while it runs. */
export type EndStatus = 'completed' | 'compensated' | 'cancelled' | 'failed';

export interface RunEnd {
  status: EndStatus;
  /** Of a compensated one: why, and at which step. */
  reason?: string;
  failedStep?: string;
}

/** Reads how an order's or return's workflow ended from its run's status and result. */
export function runEnd(status: WorkflowExecutionStatus, result: JsonValue | undefined): RunEnd | undefined {
  switch (status) {
    case 'RUNNING':
    case 'CONTINUED_AS_NEW':
      // In the second case its work goes on in another run.
      return undefined;
    case 'CANCELED':
      return { status: 'cancelled' };
    case 'FAILED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      return { status: 'failed' };
    case 'COMPLETED': {
      const outcome = typeof result === 'object' && result !== null && !Array.isArray(result) ? result : {};
      if (outcome['status'] === 'compensated') return { status: 'compensated', ...text('reason', outcome['reason']), ...text('failedStep', outcome['failedStep']) };
      return { status: outcome['status'] === 'cancelled' ? 'cancelled' : 'completed' };
    }
    default: {
      const unknownStatus: never = status;
      throw new TypeError(`Unknown status ${String(unknownStatus)}`);
    }
  }
}

function text<Name extends string>(name: Name, value: JsonValue | undefined): { [K in Name]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as { [K in Name]?: string }) : {};
}
