/** The fields of a job as Redis gives them: names and values in turns. */
export type JobFields = readonly (string | number)[];

/** Options that were judged already, by their text: a queue has hardly more than one. */
const judgedOptions = new Map<string, boolean>();
const JUDGED_MAX = 100;

/** A job that was taken, read as far as working on it needs. */
export class TakenJob {
  readonly name: string = '';
  /** Epoch milliseconds: when it was added. */
  readonly timestamp: number = 0;
  /** How often it was taken. */
  readonly attemptsStarted: number = 1;
  readonly token: string;
  /** Nothing stays of it when it is completed, and no other job is to hear of it. */
  readonly isPlain: boolean;
  /** BullMQ's scheduler makes the next one when this one is taken. */
  readonly isRepeated: boolean;
  /** What it is to fail with without being worked on. */
  readonly deferredFailure: string | undefined;
  private readonly json: string = '{}';
  private readonly progressJson: string = '0';

  constructor(
    readonly id: string,
    readonly fields: JobFields,
    lockToken: string,
    private readonly putBack: (jobId: string, token?: string) => Promise<number>,
  ) {
    this.token = lockToken;
    let options = '{}';
    let hasRelatives = false;
    let isRepeated = false;
    for (let index = 0; index < fields.length; index += 2) {
      const value = String(fields[index + 1]);
      switch (fields[index]) {
        case 'name':
          this.name = value;
          break;
        case 'data':
          this.json = value;
          break;
        case 'opts':
          options = value;
          break;
        case 'timestamp':
          this.timestamp = Number(value);
          break;
        case 'ats':
          this.attemptsStarted = Number(value);
          break;
        case 'progress':
          this.progressJson = value;
          break;
        case 'defa':
          this.deferredFailure = value;
          break;
        case 'parentKey':
        case 'deid':
          hasRelatives = true;
          break;
        case 'rjk':
          isRepeated = true;
          break;
        default:
          break;
      }
    }
    this.isRepeated = isRepeated;
    this.isPlain = !hasRelatives && leavesNothing(options);
  }

  /** @throws {SyntaxError} */
  get data(): unknown {
    return JSON.parse(this.json) as unknown;
  }

  /** @throws {SyntaxError} */
  get progress(): unknown {
    return JSON.parse(this.progressJson) as unknown;
  }

  /** Puts it back to where it was taken from. */
  moveToWait(token?: string): Promise<number> {
    return this.putBack(this.id, token);
  }
}

function leavesNothing(optionsJson: string): boolean {
  let judged = judgedOptions.get(optionsJson);
  if (judged === undefined) {
    judged = isRemovedWhenCompleted(optionsJson);
    if (judgedOptions.size >= JUDGED_MAX) judgedOptions.clear();
    judgedOptions.set(optionsJson, judged);
  }
  return judged;
}

function isRemovedWhenCompleted(optionsJson: string): boolean {
  try {
    return (JSON.parse(optionsJson) as { removeOnComplete?: unknown }).removeOnComplete === true;
  } catch {
    return false;
  }
}
