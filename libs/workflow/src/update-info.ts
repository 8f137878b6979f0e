/** Which update is being handled. */
export interface UpdateInfo {
  /** Given by the caller, or made for it: unique in the run. */
  readonly id: string;
  readonly name: string;
}

/** Under this key the current update is along the way of a handler's code: see `contextWithValue`. */
export const CURRENT_UPDATE: object = Object.freeze({});
