import { describe, it } from '@jest/globals';
import { RuleTester, type Rule } from 'eslint';
import tseslint from 'typescript-eslint';

RuleTester.describe = describe as unknown as typeof RuleTester.describe;
RuleTester.it = it as unknown as typeof RuleTester.it;
RuleTester.itOnly = it.only as unknown as typeof RuleTester.itOnly;

const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });

interface Example {
  /** A sentence. */
  name: string;
  code: string;
  options?: unknown[];
  settings?: Record<string, unknown>;
  filename?: string;
  languageOptions?: Record<string, unknown>;
}
interface Violation extends Example {
  errors: { messageId: string; data?: Record<string, string>; line?: number; suggestions?: { messageId: string; output: string }[] }[];
  /** What the fix makes of it; null or left out where there is none. */
  output?: string | null;
}

/** ESLint's RuleTester: each example is a test of its own. TypeScript without type information, unless an example asks for it. */
export function testRule(name: string, rule: unknown, examples: { valid: Example[]; invalid: Violation[] }): void {
  tester.run(name, rule as Rule.RuleModule, examples as never);
}
