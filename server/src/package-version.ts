import { readFileSync } from 'node:fs';

/** The version of this package, from its manifest, which lies two levels above what is built. */
export function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}
