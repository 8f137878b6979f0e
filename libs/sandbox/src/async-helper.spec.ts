import { describe, expect, it } from '@jest/globals';
import { withAsyncHelper } from './async-helper.js';

const HELPER = ['var __async = (__this, __arguments, generator) => {', '  return new Promise((resolve) => {', '    resolve();', '  });', '};'];

describe('withAsyncHelper', () => {
  it.each(['', '  '])('given code with the helper indented by "%s", when it is replaced, then no line after it has moved', (indent) => {
    const indented = (lines: string[]): string => lines.map((line) => indent + line).join('\n');
    const code = `first\n${indented(HELPER)}\nlast`;
    expect(withAsyncHelper(code, 'own').split('\n')).toEqual(['first', `${indent}var __async = own;`, '', '', '', '', 'last']);
  });

  it('given code without the helper, when it is to be replaced, then the code stays as it is', () => {
    const code = 'var __async = somethingElse;\nlast';
    expect(withAsyncHelper(code, 'own')).toBe(code);
  });
});
