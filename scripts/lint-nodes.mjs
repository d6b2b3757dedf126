/**
 * Lints the node pack with n8n's own linter in strict mode, as n8n's reviewers run it.
 *
 * The linter checks every TypeScript file below package.json, and this repository holds a gateway and tests beside the pack. So
 * what is published, together with the sources it is made of, is staged in a folder of its own and linted there, with
 * n8n's ESLint configuration unchanged. Then the compiled files are checked as n8n's package scanner does it
 * (`@n8n/scan-community-package`, which only takes packages from the registry): the same rules, with comments that
 * switch rules off left without effect.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

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

function lintSources(folder) {
  return spawnSync(join(root, 'node_modules', '.bin', 'n8n-node'), ['lint'], { cwd: folder, stdio: 'inherit' }).status === 0;
}

async function scanPublished(folder) {
  // The rules and their ESLint come with n8n's command line tool; resolved from there, they are the versions it was tested with.
  const bundled = createRequire(createRequire(import.meta.url).resolve('@n8n/node-cli/eslint'));
  const load = name => import(pathToFileURL(bundled.resolve(name)).href);
  const [{ ESLint }, { n8nCommunityNodesPlugin }, { default: tseslint }] = await Promise.all(
    ['eslint', '@n8n/eslint-plugin-community-nodes', 'typescript-eslint'].map(load),
  );
  const eslint = new ESLint({
    cwd: folder,
    allowInlineConfig: false,
    overrideConfigFile: true,
    overrideConfig: [
      { ...n8nCommunityNodesPlugin.configs.recommended, files: ['**/*.js', 'package.json'] },
      { files: ['**/*.js'], rules: { 'no-console': 'error' } },
      { files: ['package.json'], languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } } },
    ],
  });
  const results = await eslint.lintFiles(['dist/**/*.js', 'package.json']);
  const report = await (await eslint.loadFormatter('stylish')).format(results);
  if (report !== '') console.error(report);
  console.log(`Scanned ${results.length} published files`);
  return results.every(result => result.errorCount === 0);
}

const folder = mkdtempSync(join(tmpdir(), 'chasqui-lint-'));
try {
  stage(folder);
  const missing = missingFromManifest(folder);
  if (missing.length > 0) console.error(`Not built, so not published: ${missing.join(', ')}. Run npm run build:nodes first.`);
  const passed = missing.length === 0 && lintSources(folder) && (await scanPublished(folder));
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
