import { describe, expect, it } from '@jest/globals';
import { Activities, Activity, ActivityDeclarationError, activityInfo, Context, NoActivityContextError } from '../index.js';

describe('@Activities', () => {
  it('given a class without an activity, when it is declared, then that is an error', () => {
    expect(() => {
      @Activities({ taskQueue: 'inventory' })
      class Empty {}
      return Empty;
    }).toThrow(ActivityDeclarationError);
  });

  it('given two methods for one activity, when the class is declared, then that is an error', () => {
    expect(() => {
      @Activities({ taskQueue: 'inventory' })
      class Twice {
        @Activity({ name: 'reserve' })
        a(): void {}
        @Activity({ name: 'reserve' })
        b(): void {}
      }
      return Twice;
    }).toThrow(ActivityDeclarationError);
  });

  it('given no activity is running, when its context is asked for, then that is an error', () => {
    expect(() => Context.current()).toThrow(NoActivityContextError);
    expect(() => activityInfo()).toThrow(NoActivityContextError);
  });
});
