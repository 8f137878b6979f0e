/**
 * A bigint column as a number. Postgres' driver gives bigint as text, since not each fits.
 * @throws RangeError if it is not a safe integer
 */
export function minorUnitsOf(column: string | number): number {
  const value = Number(column);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${column} is no amount in minor units.`);
  return value;
}
