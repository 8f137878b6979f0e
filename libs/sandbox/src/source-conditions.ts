import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The condition by which the packages of Backstitch's workspace lead to their sources; none where they are installed, since an installed package has
 * no sources and the bundler would look for them in vain.
 *
 * @param directory of the package `@backstitch/sandbox`. Default: where it is found from here
 */
export function sourceConditions(directory = packageDirectory()): string[] {
  return directory !== undefined && existsSync(join(directory, 'src/index.ts')) ? ['@backstitch/source'] : [];
}

function packageDirectory(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('@backstitch/sandbox/package.json'));
  } catch {
    return undefined;
  }
}
