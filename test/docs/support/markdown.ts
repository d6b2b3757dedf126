import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const NOT_OURS = new Set(['node_modules', 'dist', 'generated']);

/** What people read: the root's own Markdown, `docs/` and `server/`, as paths relative to the root. */
export function findDocuments(root: string): string[] {
  const top = readdirSync(root).filter(name => name.endsWith('.md'));
  return [...top, ...['docs', 'server'].flatMap(folder => below(root, folder))].toSorted();
}

function below(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : below(root, path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Targets of the links and pictures of a text; what stands in code is none. */
export function linksOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1] ?? '');
}

/** The anchors of the headings, as GitHub makes them: small letters, digits, hyphens for spaces. */
export function anchorsOf(markdown: string): string[] {
  return [...withoutBlocks(markdown).matchAll(/^#{1,6} (.+)$/gm)]
    .map(match => (match[1] ?? '').toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').trim().replace(/ /g, '-'));
}

/** The names after `npm run`, and `start` and `test`. */
export function scriptsNamedIn(markdown: string): string[] {
  const named = [...markdown.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(match => match[1] ?? match[2] ?? '');
  return [...new Set(named)];
}

/** The links of a document that lead to no file, or to no heading of it. Addresses on the web are not followed. */
export function brokenLinks(root: string, document: string): string[] {
  const markdown = readFileSync(join(root, document), 'utf8');
  return linksOf(markdown).filter(link => !/^(https?|mailto):/.test(link)).filter(link => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document : join(dirname(document), decodeURIComponent(path));
    if (relative('.', target).startsWith('..') || !existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(join(root, target), 'utf8')).includes(anchor);
  });
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '');
}

function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replace(/`[^`\n]*`/g, '');
}

/** The fenced blocks of code of a text, with the language they name. */
export function codeBlocksOf(markdown: string): { language: string; code: string }[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(match => ({ language: match[1] ?? '', code: match[2] ?? '' }));
}
