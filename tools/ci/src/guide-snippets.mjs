import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** The guides' Markdown, and where the code that it shows lies as files: compiled, linted and run like any other. */
export const GUIDES_FOLDER = 'docs/guides';
export const SNIPPETS_FOLDER = 'libs/testing/test/guides';

/**
 * The code of a Markdown text by file: blocks of ```` ```ts file=name.ts ````, in their order. Several of one file are one file.
 * @param {string} markdown
 * @returns {{ files: Map<string, string>, unnamed: string[] }} `unnamed`: blocks of TypeScript that name no file, which nothing would compile
 */
export function snippetsOf(markdown) {
  /** @type {Map<string, string>} */
  const files = new Map();
  const unnamed = [];
  for (const [, info = '', code = ''] of markdown.matchAll(/^```(ts[^\n]*|typescript[^\n]*)\n(.*?)^```$/gms)) {
    const file = /\bfile=(\S+)/.exec(info)?.[1];
    if (file === undefined) unnamed.push(code);
    else files.set(file, files.has(file) ? `${files.get(file)}\n${code}` : code);
  }
  return { files, unnamed };
}

/**
 * All guides of a workspace, and the files that their code makes, by path below the workspace.
 * @param {string} workspace
 * @returns {{ guides: string[], files: Map<string, string>, unnamed: string[] }}
 */
export function readGuides(workspace) {
  const guides = readdirSync(join(workspace, GUIDES_FOLDER)).filter((name) => name.endsWith('.md'));
  /** @type {Map<string, string>} */
  const files = new Map();
  /** @type {string[]} */
  const unnamed = [];
  for (const guide of guides) {
    const found = snippetsOf(readFileSync(join(workspace, GUIDES_FOLDER, guide), 'utf8'));
    for (const [file, code] of found.files) files.set(join(SNIPPETS_FOLDER, guide.replace(/\.md$/, ''), file), code);
    unnamed.push(...found.unnamed.map((code) => `${guide}: ${code.split('\n')[0]}`));
  }
  return { guides, files, unnamed };
}

/**
 * The files that lie in the folder of the snippets, by path below the workspace.
 * @param {string} workspace
 * @returns {Map<string, string>}
 */
export function readSnippetFiles(workspace) {
  const folder = join(workspace, SNIPPETS_FOLDER);
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return new Map(entries.map((entry) => join(entry.parentPath, entry.name)).map((path) => [relative(workspace, path), readFileSync(path, 'utf8')]));
}

/**
 * Makes the files anew from the guides.
 * @param {string} workspace
 * @returns {number} how many there are
 */
export function writeSnippetFiles(workspace) {
  const { files } = readGuides(workspace);
  rmSync(join(workspace, SNIPPETS_FOLDER), { recursive: true, force: true });
  for (const [path, code] of files) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), code);
  }
  return files.size;
}
