/** A value of workflow code as JSON; what JSON has no word for is null. @param of the rest of what it is: to be put together when it is told @throws TypeError saying what cannot be written as JSON */
export function toJson(value: unknown, what: string, of = ''): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    throw new TypeError(`${what}${of} cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
