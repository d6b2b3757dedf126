import ts from 'typescript';
import type { SourceFile } from './source-files.js';

const MAX_LINES = 400;
const DRAWER = /(^|[/.-])(utils?|helpers?|misc)([/.-]|$)/i;
/** Where the environment is read: once, by who starts a process. */
const READS_ENVIRONMENT = new Set(['server/src/config.ts', 'server/src/main.ts', 'server/src/cli.ts', 'server/simulator/main.ts', 'server/sandbox/main.ts', 'server/sandbox/cluster/main.ts']);

/** A file that is too long, as a sentence. */
export function tooLong({ path, text }: SourceFile): string[] {
  const lines = text.replace(/\n$/, '').split('\n').length;
  return lines > MAX_LINES ? [`${path} has ${lines} lines: more than ${MAX_LINES} are two things`] : [];
}

/** A path that says nothing about what is inside, as a sentence. */
export function namelessDrawer({ path }: SourceFile): string[] {
  return DRAWER.test(path) ? [`${path} is named after nothing: name it after the one thing that it does`] : [];
}

/** Reads of the environment where they do not belong, as sentences. Comments and texts do not count. */
export function readsEnvironment({ path, text }: SourceFile): string[] {
  if (READS_ENVIRONMENT.has(path) || !/\bprocess\b/.test(text)) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isEnvironment(node)) found.push(`${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} reads the environment: it comes by a parameter`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `process.env`, `process['env']`, `const { env } = process`, or an import of node:process, which would hide them. */
function isEnvironment(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && node.name.text === 'env';
  if (ts.isElementAccessExpression(node)) return isProcess(node.expression) && ts.isStringLiteralLike(node.argumentExpression) && node.argumentExpression.text === 'env';
  if (ts.isVariableDeclaration(node)) return node.initializer !== undefined && isProcess(node.initializer) && ts.isObjectBindingPattern(node.name);
  return ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier) && /^(node:)?process$/.test(node.moduleSpecifier.text);
}

function isProcess(node: ts.Node): boolean {
  return ts.isIdentifier(node) ? node.text === 'process' : ts.isPropertyAccessExpression(node) && node.name.text === 'process';
}
