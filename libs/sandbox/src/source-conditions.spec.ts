import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { sourceConditions } from './source-conditions.js';

describe('where bundles find the packages of the workspace', () => {
  it('given the workspace, when something is bundled, then they lead to their sources; installed packages, which have none, do not', () => {
    expect(sourceConditions()).toEqual(['@backstitch/source']);
    const installed = mkdtempSync(join(tmpdir(), 'backstitch-installed-'));
    try {
      mkdirSync(join(installed, 'dist'));
      writeFileSync(join(installed, 'dist/index.js'), '');
      expect(sourceConditions(installed)).toEqual([]);
    } finally {
      rmSync(installed, { recursive: true });
    }
  });
});
