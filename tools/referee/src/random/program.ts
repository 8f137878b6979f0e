/** What a random workflow does: data, so that the same workflow function runs every program, on both sides. */
export type Block = Step[];

export type CancellationType = 'WAIT_CANCELLATION_COMPLETED' | 'TRY_CANCEL' | 'ABANDON';

/** Where an activity's type comes from: fixed, or from what the workflow knows by then, so that a wrong value gives another command. */
export type Choice = 'fixed' | 'memory' | 'random' | 'uuid' | 'clock';

export type Step =
  | { do: 'activity'; name: string; by: Choice; cancellation: CancellationType }
  | { do: 'localActivity'; name: string }
  | { do: 'sleep'; ms: number }
  /** Waits until so many signals came, or for a time. */
  | { do: 'condition'; signals: number; timeoutMs?: number }
  | { do: 'all'; branches: Block[] }
  | { do: 'race'; branches: Block[] }
  | { do: 'scope'; label: number; kind: 'cancellable' | 'nonCancellable' | 'timeout'; timeoutMs: number; body: Block; onCancelled: Block }
  | { do: 'cancelScope'; label: number }
  /** What fails in the body goes no further. */
  | { do: 'attempt'; body: Block; onFailure: Block }
  | { do: 'branch'; modulus: number; branches: Block[] }
  | { do: 'saga'; steps: number; parallel: boolean; locks: boolean; nests: boolean; pivots: boolean; fails: boolean; body: Block }
  | { do: 'patched'; id: string; then: Block; otherwise: Block }
  | { do: 'deprecatePatch'; id: string }
  | { do: 'child'; label: number; cancellation: ChildCancellation; program: Program; awaits: 'start' | 'result' }
  | { do: 'signalChild'; label: number }
  | { do: 'signalExternal'; to: 'parent' | 'nobody' }
  | { do: 'cancelExternal'; to: 'nobody' }
  | { do: 'upsert'; value: string }
  | { do: 'memo'; value: string }
  | { do: 'trigger' }
  | { do: 'continueAsNew'; program: Program }
  | { do: 'fail' };

export type ChildCancellation = CancellationType | 'WAIT_CANCELLATION_REQUESTED';

export interface Program {
  body: Block;
  /** Done for each signal, beside the body. */
  onSignal: Block;
  /** Done for each update that the validator lets pass. */
  onUpdate: Block;
  /** The workflow waits for its handlers before it ends. */
  waitsForHandlers: boolean;
}

/** What a program may contain. */
export type Feature = 'children' | 'continueAsNew' | 'external' | 'localActivities' | 'memo' | 'patches' | 'saga' | 'updates';
