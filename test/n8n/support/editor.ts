import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { OWNER } from './n8n-client.js';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'];

/** A node on the canvas, as a person sees it. */
export interface CanvasNode {
  name: string;
  type: string;
  subtitle: string;
  /** the picture's address and natural width in pixels; n8n marks a node that it does not know without a picture */
  icon: { source: string; width: number } | undefined;
  /** what n8n has to complain about it */
  issues: number;
}

/** n8n's editor in a real browser, logged in as the owner. */
export interface Editor {
  readonly page: Page;
  /** errors of the page's own scripts so far */
  readonly pageErrors: string[];
  openWorkflow(workflowId: string): Promise<void>;
  canvasNodes(): Promise<CanvasNode[]>;
  /** Opens a node's panel by double click on the canvas. */
  openNode(name: string): Promise<void>;
  closeNode(): Promise<void>;
  /** The labels of the open node's fields, from top to bottom. */
  fieldLabels(): Promise<string[]>;
  /** Closes the messages that n8n shows in the corner. */
  dismissToasts(): Promise<void>;
  /** Writes `<name>.png` into the folder, when fonts are there. */
  photograph(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param executable the browser
 * @param url n8n's address
 * @param folder where photographs go; made if absent
 */
export async function openEditor(executable: string, url: string, folder: string, theme: 'light' | 'dark' = 'light'): Promise<Editor> {
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath: executable, args: ARGS });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', colorScheme: theme });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const pageErrors: string[] = [];
    page.on('pageerror', error => pageErrors.push(error.message));
    await logIn(page, url);
    return { page, pageErrors, ...actions(page, url, folder), close: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

function actions(page: Page, url: string, folder: string): Omit<Editor, 'page' | 'pageErrors' | 'close'> {
  return {
    async openWorkflow(workflowId) {
      await page.goto(`${url}/workflow/${workflowId}`);
      await page.locator('[data-test-id="canvas-node"]').first().waitFor();
      await page.waitForLoadState('networkidle');
    },
    canvasNodes: () => page.locator('[data-test-id="canvas-node"]').evaluateAll(elements => elements.map(element => {
      const icon = element.querySelector('img');
      return {
        name: element.getAttribute('data-node-name') ?? '',
        type: element.getAttribute('data-node-type') ?? '',
        subtitle: element.querySelector('[class*="subtitle"]')?.textContent?.trim() ?? '',
        icon: icon === null ? undefined : { source: icon.src, width: icon.complete ? icon.naturalWidth : 0 },
        issues: element.querySelectorAll('[data-test-id="node-issues"]').length,
      };
    })),
    async openNode(name) {
      await page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`).dblclick();
      await page.locator('[data-test-id="node-parameters"]').waitFor();
      await page.waitForLoadState('networkidle');
    },
    async closeNode() {
      await page.locator('[data-test-id="ndv-close-button"]').click();
      await page.locator('[data-test-id="node-parameters"]').waitFor({ state: 'detached' });
    },
    fieldLabels: async () => {
      const labels = await page.locator('[data-test-id="node-parameters"] label:visible').allInnerTexts();
      // A label's further lines are the switches beside it.
      return labels.map(label => label.split('\n')[0]?.trim() ?? '').filter(label => label !== '');
    },
    async dismissToasts() {
      const close = page.locator('.el-notification__closeBtn');
      while (await close.count() > 0) {
        await close.first().click();
        await close.first().waitFor({ state: 'detached' });
      }
    },
    async photograph(name) {
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
      await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
    },
  };
}

async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/signin`);
  await page.locator('input[name="emailOrLdapLoginId"]').fill(OWNER.email);
  await page.locator('input[name="password"]').fill(OWNER.password);
  await page.locator('[data-test-id="form-submit-button"]').click();
  await page.waitForURL(address => !address.pathname.startsWith('/signin'));
}
