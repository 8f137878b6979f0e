export async function shipIt(order?: { city: string }): Promise<string> {
  return (order?.city ?? 'nowhere').toUpperCase();
}
