import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import ts from 'typescript';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** What the compiler says of this folder's files, whose imports of Temporal's packages lead to ours. */
function problems(): string[] {
  const { config } = ts.readConfigFile(`${FOLDER}tsconfig.json`, ts.sys.readFile) as { config: unknown };
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, FOLDER);
  const sources = fileNames.filter((name) => !name.endsWith('.spec.ts'));
  const entries = Object.values(options.paths ?? {}).flatMap((targets) => targets.map((target) => resolve(FOLDER, target)));
  const program = ts.createProgram(sources, options);
  return [...sources, ...entries].flatMap((name) => {
    const source = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(({ start = 0, messageText }) => {
      const { line } = ts.getLineAndCharacterOfPosition(source as ts.SourceFile, start);
      return `${relative(FOLDER, name)}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

it('given programs written for Temporal, when they are compiled against these packages, then every name is there and every type is as it is there', () => {
  expect(problems()).toEqual([]);
});
