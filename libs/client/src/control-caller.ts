/** One call of the control wire. */
export interface ControlCall {
  method: 'GET' | 'POST';
  /** Below `/v1`. */
  path: string;
  body?: object;
  /** It may be made twice without harm: it is tried again when the connection was refused or broke. Others only if nothing was sent. */
  isIdempotent: boolean;
  /** On top of the client's own time-out: how long the orchestrator may let the call wait. */
  waitMs?: number;
  /** Called before anything is sent if the body is so large that a payload in it may be beyond the limit. @throws PayloadTooLargeError that names it */
  checkPayloads?: () => void;
}

/** Whoever makes calls of the control wire: a connection, or an engine in the same process. */
export interface ControlCaller {
  /**
   * Makes a call and answers its body; undefined for 204.
   * @throws ControlApiError as the orchestrator threw it; OrchestratorUnreachableError, UnexpectedControlAnswerError
   */
  call<Answer>(call: ControlCall): Promise<Answer>;
  close(): Promise<void>;
}
