/** Queues of one service: its steps, its undos, and the outcomes that it sends back. */
export interface ServiceQueues {
  tasks: string;
  compensation: string;
  outcomes: string;
}

const COMPENSATION_SUFFIX = '.compensation';
const OUTCOMES_SUFFIX = '.outcomes';

/** The names of a service's three queues: `inventory`, `inventory.compensation`, `inventory.outcomes`. */
export function serviceQueues(service: string): ServiceQueues {
  return { tasks: service, compensation: service + COMPENSATION_SUFFIX, outcomes: service + OUTCOMES_SUFFIX };
}

/** The service that owns a queue: what stands before the first dot. */
export function serviceOfQueue(queue: string): string {
  const dot = queue.indexOf('.');
  return dot === -1 ? queue : queue.slice(0, dot);
}

/** The queue for the undos of steps that run on `taskQueue`. */
export function compensationQueueOf(taskQueue: string): string {
  return serviceQueues(serviceOfQueue(taskQueue)).compensation;
}

/** The queue on which the orchestrator reads outcomes of jobs on `taskQueue`. */
export function outcomesQueueOf(taskQueue: string): string {
  return serviceQueues(serviceOfQueue(taskQueue)).outcomes;
}
