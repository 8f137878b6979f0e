/** A method of an interceptor as the chain calls it: input, and what comes next. */
type Method = (input: never, next: never) => unknown;

/**
 * The interceptors' methods of one name as one function, first interceptor outermost, `last` at the end.
 * Without interceptors it is `last` itself: a run that has none pays nothing.
 */
export function chain<Interceptor, Name extends keyof Interceptor, Input, Output>(
  interceptors: readonly Interceptor[] | undefined,
  name: Name,
  last: (input: Input) => Output,
): (input: Input) => Output {
  if (interceptors === undefined) return last;
  let next = last;
  for (let index = interceptors.length - 1; index >= 0; index--) {
    const interceptor = interceptors[index] as Interceptor;
    if (interceptor[name] === undefined) continue;
    const inner = next;
    next = (input) => (interceptor[name] as Method & Interceptor[Name])(input as never, inner as never) as Output;
  }
  return next;
}
