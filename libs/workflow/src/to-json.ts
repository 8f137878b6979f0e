/** A value of workflow code as JSON; what JSON has no word for is null. @throws TypeError saying what cannot be written as JSON */
export function toJson(value: unknown, what: string): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    throw new TypeError(`${what} cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
