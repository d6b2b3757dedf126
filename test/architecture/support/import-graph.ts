import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/** What a file imports, in whatever way: static, dynamic, re-exported, types. */
export interface Imports {
  /** Files of the repository, as paths of sources (`.ts`). */
  files: string[];
  /** Packages and Node's modules, without a path within them: `node:fs`, `typebox`, `@prisma/client`. */
  packages: string[];
}

/**
 * Reads the imports of a file with TypeScript's own scanner. A tool such as dependency-cruiser would add some twenty packages and a rule
 * language for what are a table and a walk here.
 */
export function importsOf({ path, text }: SourceFile): Imports {
  const names = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const local = names.filter(name => name.startsWith('.'));
  return {
    files: unique(local.map(name => posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts'))),
    packages: unique(names.filter(name => !name.startsWith('.')).map(packageOf)),
  };
}

/** What is left of a file when its types are erased: imports that are still there are loaded at run time. */
export function withoutTypes({ path, text }: SourceFile): SourceFile {
  const options = { verbatimModuleSyntax: true, target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
  return { path, text: ts.transpileModule(text, { compilerOptions: options }).outputText };
}

/**
 * The first import cycle that a walk from each file finds, as the files along it with the first repeated at the end; undefined without one.
 */
export function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const edges = new Map(files.map(file => [file.path, importsOf(file).files]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    trail.push(path);
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    trail.pop();
    done.add(path);
    return undefined;
  };
  for (const path of edges.keys()) {
    const cycle = visit(path);
    if (cycle) return cycle;
  }
  return undefined;
}

function packageOf(name: string): string {
  return name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/');
}

function unique(names: string[]): string[] {
  return [...new Set(names)];
}
