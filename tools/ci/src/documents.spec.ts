import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readGuides, readSnippetFiles, snippetsOf } from './guide-snippets.mjs';

const WORKSPACE = join(import.meta.dirname, '../../..');

function markdownBelow(folder: string): string[] {
  return readdirSync(join(WORKSPACE, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md') && !/node_modules|[/\\]dist([/\\]|$)/.test(entry.parentPath))
    .map((entry) => relative(WORKSPACE, join(entry.parentPath, entry.name)));
}

const documents = [
  ...readdirSync(WORKSPACE).filter((name) => name.endsWith('.md')),
  ...markdownBelow('docs'),
  ...readdirSync(join(WORKSPACE, 'libs')).flatMap((library) => (existsSync(join(WORKSPACE, 'libs', library, 'README.md')) ? [join('libs', library, 'README.md')] : [])),
];

/** A heading's anchor, as forges make it. */
function anchorOf(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
  return text.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^(```|~~~).*?^\1/gms, '');
}

function anchorsOf(markdown: string): Set<string> {
  return new Set([...withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
}

/** Links of a document that lead nowhere. */
function deadLinksOf(document: string): string[] {
  const markdown = readFileSync(join(WORKSPACE, document), 'utf8');
  const targets = [...withoutCode(markdown).replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? join(WORKSPACE, document) : join(WORKSPACE, dirname(document), decodeURIComponent(path));
    if (!existsSync(file)) return true;
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(readFileSync(file, 'utf8')).has(anchor);
  });
}

describe('the documents', () => {
  it.each(documents)('%s has no link that leads nowhere', (document) => {
    expect(deadLinksOf(document)).toEqual([]);
  });
});

describe('the code of the guides', () => {
  const { files, unnamed, guides } = readGuides(WORKSPACE);

  it('is compiled and run: every block of TypeScript names its file', () => {
    expect(unnamed).toEqual([]);
    expect(files.size).toBeGreaterThan(20);
  });

  it('is in the files that are compiled as it is in the guides (node tools/ci/write-guides.mjs)', () => {
    expect(Object.fromEntries(readSnippetFiles(WORKSPACE))).toEqual(Object.fromEntries(files));
  });

  it('is of guides that the index names', () => {
    const index = readFileSync(join(WORKSPACE, 'docs/guides/README.md'), 'utf8');
    expect(guides.filter((guide) => guide !== 'README.md' && !index.includes(`](${guide})`))).toEqual([]);
  });

  it('is put together where several blocks are of one file, and found missing where a block names none', () => {
    const { files: found, unnamed: nameless } = snippetsOf('```ts file=a.ts\nconst a = 1;\n```\ntext\n```ts file=a.ts\nconst b = 2;\n```\n```ts\nconst c = 3;\n```\n```sh\nls\n```\n');
    expect([...found]).toEqual([['a.ts', 'const a = 1;\n\nconst b = 2;\n']]);
    expect(nameless).toEqual(['const c = 3;\n']);
  });
});
