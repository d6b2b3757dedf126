import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { ensureChromium } from '../../scripts/n8n/chromium.mjs';
import { ensureN8n } from '../../scripts/n8n/install.mjs';
import { setUpOwner, type N8nSession } from './support/n8n-client.js';
import { startN8n, type N8nLocation, type N8nServer } from './support/n8n-server.js';
import { installPack } from './support/pack.js';

declare module 'vitest' {
  export interface ProvidedContext {
    n8n: N8nSession;
    /** what n8n printed until it was ready */
    n8nStartLog: string;
    /** the browser's executable */
    chromium: string;
    /** the folder for photographs */
    screenshots: string;
  }
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * One n8n for all the files: installed if this machine has none, with the pack of this checkout installed from its
 * tarball, an owner and an API key. Workflows, credentials and gateways belong to the test files. Photographs go to a
 * temporary folder, or to CHASQUI_SCREENSHOTS, relative to the root of the checkout.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const chromium = await ensureChromium();
  const where = await ensureN8n();
  const folder = mkdtempSync(join(tmpdir(), 'chasqui-n8n-'));
  const n8n = await installAndStart(where, folder);
  try {
    project.provide('n8n', await setUpOwner(n8n.url));
  } catch (error) {
    await n8n.stop();
    remove(folder);
    throw error;
  }
  project.provide('n8nStartLog', n8n.log());
  project.provide('chromium', chromium);
  const screenshots = process.env['CHASQUI_SCREENSHOTS'] ? resolve(root, process.env['CHASQUI_SCREENSHOTS']) : mkdtempSync(join(tmpdir(), 'chasqui-screenshots-'));
  project.provide('screenshots', screenshots);

  return async () => {
    console.log(`Photographs of the editor: ${screenshots}`);
    await n8n.stop();
    remove(folder);
  };
}

/** What is thrown holds the end of the log; the folder is not needed for that. */
async function installAndStart(where: N8nLocation, folder: string): Promise<N8nServer> {
  try {
    await installPack(root, folder, where.node);
    return await startN8n(where, folder);
  } catch (error) {
    remove(folder);
    throw error;
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
