/** The compiler's helper, which stands for `async` where async functions are compiled to generators. */
const HELPER = /^( *)var __async = \(__this, __arguments, generator\) => \{\n[^]*?\n\1\};$/m;

/**
 * Compiled code with another function in place of the compiler's helper for async functions. No line moves. Code without that helper - there
 * is nothing async in it, or the compiler has changed - comes back as it is, and works as well, only slower.
 */
export function withAsyncHelper(code: string, name: string): string {
  return code.replace(HELPER, (helper, indent: string) => `${indent}var __async = ${name};${'\n'.repeat(helper.split('\n').length - 1)}`);
}
