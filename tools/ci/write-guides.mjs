import { join } from 'node:path';
import { SNIPPETS_FOLDER, writeSnippetFiles } from './src/guide-snippets.mjs';

// Makes the files of the guides' code anew from docs/guides. A spec fails while they differ.
const count = writeSnippetFiles(join(import.meta.dirname, '../..'));
process.stdout.write(`${count} files in ${SNIPPETS_FOLDER}\n`);
