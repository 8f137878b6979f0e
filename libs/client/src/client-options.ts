/** How to reach the control API. */
export interface ControlClientOptions {
  /**
   * Base URL of an orchestrator replica, e.g. `http://127.0.0.1:3001`, or of several with commas between. Any answers for all; with several, calls take turns,
   * and go to another one when one cannot be reached.
   */
  url: string;
  /** The shared secret of the control wire. */
  token: string;
  /** A call that has no answer by then fails with OrchestratorUnreachableError. Long polls get their own time on top. Default 10,000. */
  timeoutMs?: number;
  /** Making a connection may take so long. Default 2,000. */
  connectTimeoutMs?: number;
  /** Connections kept open to the orchestrator. Default 32. */
  connectionsMax?: number;
  /** How often a call that may be repeated is tried again when the connection was refused. Default 2. */
  connectRetriesMax?: number;
  /** Pause before such a retry. Default 100. */
  connectRetryPauseMs?: number;
  /** Who calls, for audit: recorded with starts, signals and resolutions that name nobody else. */
  identity?: string;
}
