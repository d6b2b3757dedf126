import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { OWNER } from './n8n-client.js';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'];

/** n8n's editor in a real browser, logged in as the owner. */
export interface Editor {
  readonly page: Page;
  /** errors of the page's own scripts so far */
  readonly pageErrors: string[];
  openWorkflow(workflowId: string): Promise<void>;
  /** Opens a node's panel by double click on the canvas. */
  openNode(name: string): Promise<void>;
  closeNode(): Promise<void>;
  /** Waits until fonts and pictures are there, and writes `<name>.png` into the folder. */
  photograph(name: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * @param executable the browser
 * @param url n8n's address
 * @param folder where photographs go; made if absent
 */
export async function openEditor(executable: string, url: string, folder: string): Promise<Editor> {
  mkdirSync(folder, { recursive: true });
  const browser: Browser = await chromium.launch({ executablePath: executable, args: ARGS });
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1, locale: 'en-US' });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const pageErrors: string[] = [];
    page.on('pageerror', (error) => pageErrors.push(error.message));
    await logIn(page, url);
    return {
      page,
      pageErrors,
      async openWorkflow(workflowId) {
        await page.goto(`${url}/workflow/${workflowId}`);
        await page.locator('[data-test-id="canvas-node"]').first().waitFor();
      },
      async openNode(name) {
        await page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`).dblclick();
        await page.locator('[data-test-id="node-parameters"]').waitFor();
      },
      async closeNode() {
        await page.keyboard.press('Escape');
        await page.locator('[data-test-id="node-parameters"]').waitFor({ state: 'detached' });
      },
      async photograph(name) {
        const file = join(folder, `${name}.png`);
        await page.evaluate(() => document.fonts.ready.then(() => undefined));
        await page.screenshot({ path: file, animations: 'disabled' });
        return file;
      },
      close: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/signin`);
  await page.locator('input[name="emailOrLdapLoginId"]').fill(OWNER.email);
  await page.locator('input[name="password"]').fill(OWNER.password);
  await page.locator('[data-test-id="form-submit-button"]').click();
  await page.waitForURL((address) => !address.pathname.startsWith('/signin'));
}
