import type { DataSource } from 'typeorm';

/**
 * Takes an API key back, for good. Gateways that know it let it in for a few seconds more.
 * @param id the part of the key between the underscores
 */
export async function revokeApiKey(dataSource: DataSource, id: string): Promise<'revoked' | 'already-revoked' | 'unknown'> {
  const [key]: { was_revoked: boolean }[] = await dataSource.query(
    `WITH known AS (SELECT id, revoked_at FROM gateway.api_key WHERE id = $1 FOR UPDATE),
       revoked AS (UPDATE gateway.api_key SET revoked_at = now() FROM known WHERE api_key.id = known.id AND known.revoked_at IS NULL)
     SELECT revoked_at IS NOT NULL AS was_revoked FROM known`,
    [id],
  );
  if (key === undefined) return 'unknown';
  return key.was_revoked ? 'already-revoked' : 'revoked';
}
