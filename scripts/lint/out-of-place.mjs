import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What works on one machine only, or belongs to it. A container's own folders (/home/node) are the same everywhere. */
const PATTERNS = [
  { pattern: /(?<![\w.~-])\/(?:home|Users)\/(?!node\b|user\b|you\b)[\w.-]+\//, says: 'somebody\'s home folder' },
  { pattern: /(?<![\w.~-])\/root\//, says: 'somebody\'s home folder' },
  { pattern: /"resolved"\s*:\s*"(?!https:\/\/registry\.npmjs\.org\/)/, says: 'a package from elsewhere than npm\'s registry' },
];

/**
 * The lines of a text that do not belong in the repository.
 * @param {string} text
 * @param {string} checkout the folder that the repository is checked out in: its own path means nothing elsewhere
 * @returns {{line: number, says: string}[]} line numbers count from 1
 */
export function findOutOfPlace(text, checkout) {
  const folder = checkout.replace(/[\\/]+$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // A checkout in the root folder itself has no path to find.
  const own = folder === '' ? [] : [{ pattern: new RegExp(`(?<![\\w.~-])${folder}(?![\\w-])`), says: 'the path of this checkout' }];
  return text.split('\n').flatMap((content, index) => [...own, ...PATTERNS].filter(({ pattern }) => pattern.test(content)).map(({ says }) => ({ line: index + 1, says })));
}

function trackedFiles(root) {
  return execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split('\0').filter(name => name !== '');
}

/** The text of a file; null when it is binary, or deleted but not yet committed. */
function textOf(path) {
  try {
    const bytes = readFileSync(path);
    return bytes.includes(0) ? null : bytes.toString('utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return null;
    throw error;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const files = trackedFiles(root);
  const findings = files.flatMap(file => findOutOfPlace(textOf(join(root, file)) ?? '', root).map(({ line, says }) => `${file}:${line}: ${says}`));
  if (files.length === 0) findings.push('git lists no files');
  for (const finding of findings) console.error(finding);
  console.log(`Read ${files.length} tracked files`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
