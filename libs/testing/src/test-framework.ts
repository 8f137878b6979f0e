/** The part of Jest (or of a test runner like it) that a conformance suite needs. */
export interface TestFramework {
  describe: (name: string, body: () => void) => void;
  it: (name: string, body: () => Promise<void>) => void;
  expect: (actual: unknown) => { toEqual(expected: unknown): void };
}
