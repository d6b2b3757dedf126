/**
 * Lints the node pack with n8n's own linter in strict mode, as n8n's reviewers run it.
 *
 * The linter checks every TypeScript file below package.json, and this repository holds a gateway and tests beside the pack. So
 * what is published, together with the sources it is made of, is staged in a folder of its own and linted there, with
 * n8n's ESLint configuration unchanged, first by `n8n-node lint` and then by the rules of the package itself.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ['nodes', 'credentials', 'icons', 'tsconfig.json', 'eslint.config.mjs'];

/** The files that `npm pack` would publish, relative to the root. */
function publishedFiles() {
  const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(listing)[0].files.map(file => file.path);
}

function stage(folder) {
  for (const path of [...publishedFiles(), ...SOURCES]) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
}

/** What the manifest points to must have been built: a pack that publishes nothing would lint clean. */
function missingFromManifest(folder) {
  const { n8n } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return [...n8n.nodes, ...n8n.credentials].filter(path => !existsSync(join(folder, path)));
}

const folder = mkdtempSync(join(tmpdir(), 'chasqui-lint-'));
try {
  stage(folder);
  const missing = missingFromManifest(folder);
  if (missing.length > 0) {
    console.error(`Not built, so not published: ${missing.join(', ')}. Run npm run build:nodes first.`);
    process.exitCode = 1;
  } else {
    const { status } = spawnSync(join(root, 'node_modules', '.bin', 'n8n-node'), ['lint'], { cwd: folder, stdio: 'inherit' });
    process.exitCode = status ?? 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
