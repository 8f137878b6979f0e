import type { Session } from 'node:inspector';
import vm from 'node:vm';

/** Under these names the thread's own realm, not the one of workflow code, has what is to be run, and the session that all who limit in this thread share. */
const WORK = '__backstitchLimitedWork';
const SESSION = Symbol.for('backstitch.limitingSession');

type Realm = { [WORK]?: () => void; [SESSION]?: Session };

/**
 * Stops code of this thread that takes too long. Where node:vm starts a thread for each time limit and waits for its end, V8 has one thread for the time limits of
 * all that its inspector evaluates; so limited work is evaluated there. Nothing is opened, and nobody can attach by it.
 */
export class TimeLimit {
  private constructor(
    readonly timeoutMs: number,
    private readonly realm: Realm,
    private readonly session: Session,
  ) {}

  /** Answers undefined where there is no inspector, where it is not permitted, or where somebody debugs this process: all limited work would be shown there. */
  static of(timeoutMs: number): TimeLimit | undefined {
    const inspector = process.features.inspector ? process.getBuiltinModule('node:inspector') : undefined;
    if (inspector === undefined || inspector.url() !== undefined) return undefined;
    const realm = vm.runInThisContext('globalThis') as Realm;
    if (realm[SESSION] === undefined) {
      try {
        const session = new inspector.Session();
        session.connect();
        Object.defineProperty(realm, WORK, { value: undefined, writable: true, configurable: true });
        Object.defineProperty(realm, SESSION, { value: session, configurable: true });
      } catch {
        return undefined;
      }
    }
    return new TimeLimit(timeoutMs, realm, realm[SESSION] as Session);
  }

  /**
   * Answers what the work came to; undefined: it was stopped. Throws what the work throws.
   * @throws Error when the inspector refuses to run anything
   */
  run<Result extends object>(work: () => Result): Result | undefined {
    let hasBegun = false;
    let refusal: Error | null = null;
    let result: Result | undefined;
    let thrown: { error: unknown } | undefined;
    this.realm[WORK] = () => {
      hasBegun = true;
      try {
        result = work();
      } catch (error) {
        thrown = { error };
      }
    };
    this.session.post('Runtime.evaluate', { expression: `${WORK}()`, timeout: this.timeoutMs }, (error) => {
      refusal = error;
    });
    this.realm[WORK] = undefined;
    if (!hasBegun) throw refusal ?? new Error('The inspector did not run what it was given.');
    if (thrown !== undefined) throw (thrown as { error: unknown }).error;
    return result;
  }
}
