import { describe, expect, it } from '@jest/globals';
import * as protocol from './index.js';

describe('errors of the control API', () => {
  const { ControlApiError } = protocol;
  type ErrorClass = new (...args: never[]) => protocol.ControlApiError;
  const classes = Object.values(protocol as Record<string, unknown>).filter(
    (value): value is ErrorClass => typeof value === 'function' && value.prototype instanceof ControlApiError,
  );

  it('given every class, when one is made, then its code and name are its own, and it becomes plain JSON', () => {
    const made = classes.map((Class) => new Class(...(['a', 'b', 'c'] as never[])));
    expect(classes.length).toBeGreaterThan(15);
    expect(new Set(made.map(({ code }) => code)).size).toBe(classes.length);
    made.forEach((error, index) => {
      expect(error.name).toBe(classes[index]?.name);
      expect(JSON.parse(JSON.stringify(error))).toEqual({ code: error.code, message: error.message, details: error.details() });
    });
  });
});
