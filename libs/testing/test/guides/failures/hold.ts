/** A bug: `order` may be missing. The run is held, and goes on from here when mended code is deployed and the incident is retried. */
export async function shipIt(order?: { city: string }): Promise<string> {
  return order!.city.toUpperCase();
}
