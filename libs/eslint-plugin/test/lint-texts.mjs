/**
 * Lints texts as if they were files of the repository, with its real configuration. In a process of its own, since that configuration loads much.
 * Standard input: `{ texts: { file, source }[], files: string[] }`. Standard output: what the rules of this plugin say of each text, and which of the files
 * they are on for.
 */
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';

const WORKSPACE = join(import.meta.dirname, '../../..');
/** @type {{ texts: { file: string, source: string }[], files: string[] }} */
const { texts, files } = JSON.parse(await text(process.stdin));
const eslint = new ESLint({
  cwd: WORKSPACE,
  // Types take seconds for each project, and no rule needs them: another spec has what they add.
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
  ruleFilter: ({ ruleId }) => ruleId.startsWith('backstitch/'),
});

const said = [];
for (const { file, source } of texts) {
  const [result] = await eslint.lintText(source, { filePath: join(WORKSPACE, file) });
  // Directives that turn off rules which do not run here are no matter of this.
  said.push((result?.messages ?? []).filter(({ ruleId, fatal }) => fatal === true || ruleId?.startsWith('backstitch/')).map(({ ruleId, message, severity }) => ({ rule: ruleId ?? message, severity })));
}
/** @type {Record<string, string[]>} */
const rulesOn = {};
for (const file of files) {
  /** @type {import('eslint').Linter.Config | undefined} */
  const config = await eslint.calculateConfigForFile(join(WORKSPACE, file));
  rulesOn[file] = Object.entries(config?.rules ?? {}).flatMap(([rule, setting]) => (rule.startsWith('backstitch/') && Array.isArray(setting) && setting[0] === 2 ? rule : []));
}
process.stdout.write(JSON.stringify({ said, rulesOn }));
