/** The pattern under which Nest finds the handler of a job: its queue, and the job's name. */
export interface BullMqPattern {
  queue: string;
  /** The job's name. */
  activity: string;
}
