/**
 * `node tools/build/src/build-library.mjs libs/protocol`: compiles a library to a package that can be published: `dist/` with JavaScript, types and
 * source maps. What it imports from the workspace must have been built before, as its own users will see it.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { WORKSPACE } from './workspace.mjs';

const projectRoot = process.argv[2];
if (projectRoot === undefined || !existsSync(join(WORKSPACE, projectRoot, 'tsconfig.json'))) {
  console.error('Say which library to build, e.g. node tools/build/src/build-library.mjs libs/protocol');
  process.exit(2);
}
const directory = join(WORKSPACE, projectRoot);
const outDir = join(directory, 'dist');
rmSync(outDir, { recursive: true, force: true });

const parsed = ts.getParsedCommandLineOfConfigFile(
  join(directory, 'tsconfig.json'),
  { customConditions: [], outDir, rootDir: join(directory, 'src'), noEmit: false, declaration: true, declarationMap: false, sourceMap: true, inlineSources: true },
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: report },
);
if (parsed === undefined) process.exit(1);
const files = parsed.fileNames.filter((file) => file.startsWith(join(directory, 'src/')) && !file.endsWith('.spec.ts'));
const program = ts.createProgram(files, { ...parsed.options, customConditions: [] });
const { diagnostics } = program.emit();
const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
problems.forEach(report);
process.exit(problems.length === 0 ? 0 : 1);

/** @param {ts.Diagnostic} diagnostic */
function report(diagnostic) {
  console.error(ts.formatDiagnostic(diagnostic, { getCanonicalFileName: (name) => name, getCurrentDirectory: () => WORKSPACE, getNewLine: () => '\n' }).trimEnd());
}
