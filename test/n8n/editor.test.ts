import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openEditor, type Editor } from './support/editor.js';
import type { Workflow } from './support/n8n-client.js';
import { ACCOUNT, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI, CHASQUI_TRIGGER, node } from './support/workflows.js';

const visit = (theme: 'light' | 'dark') => openEditor(inject('chromium'), inject('n8n').url, inject('screenshots'), theme);

describe('n8n\'s editor', () => {
  let scene: Scene;
  let workflow: Workflow;
  let editor: Editor;
  beforeAll(async () => {
    scene = await openScene();
    await scene.stack.api.post('/instances', { instanceId: 'sales', name: 'Sales Team' }, 201);
    workflow = await scene.workflow(
      'Answer on WhatsApp',
      node('Chasqui Trigger', CHASQUI_TRIGGER, { instanceId, events: ['message.received'] }, scene),
      node('Send Text', CHASQUI, { resource: 'message', operation: 'sendText', instanceId, to: '={{ $json.replyTo }}', text: '=Thank you, {{ $json.sender.name }}! You wrote: {{ $json.text }}' }, scene),
    );
    editor = await visit('light');
  });
  afterEach(() => { expect(editor.pageErrors).toEqual([]); });
  afterAll(async () => {
    await editor?.close();
    await scene?.close();
  });

  const expectCanvas = async (shown: Editor, picture: RegExp) => {
    const icon = { source: expect.stringMatching(picture), width: expect.toSatisfy((width: number) => width > 0) };
    await expect.poll(() => shown.canvasNodes()).toMatchObject([
      { name: 'Chasqui Trigger', type: CHASQUI_TRIGGER, icon, issues: 0 },
      { name: 'Send Text', type: CHASQUI, icon, issues: 0 },
    ]);
  };

  it('shows both nodes on the canvas, with their icons and nothing to complain about', async () => {
    await editor.openWorkflow(workflow.id);
    await expectCanvas(editor, /\/chasqui\.svg$/);
    await editor.photograph('canvas');
  });

  it('shows them in the dark theme with the icons made for it', async () => {
    const dark = await visit('dark');
    try {
      await dark.openWorkflow(workflow.id);
      await expectCanvas(dark, /\/chasqui\.dark\.svg$/);
      await dark.photograph('canvas-dark');
      expect(dark.pageErrors).toEqual([]);
    } finally {
      await dark.close();
    }
  });

  it('shows the fields of Send Text from what to whom to what it says', async () => {
    await editor.openWorkflow(workflow.id);
    await editor.openNode('Send Text');
    await editor.photograph('send-text');
    expect(await editor.fieldLabels()).toEqual(['Credential', 'Resource', 'Operation', 'Instance', 'To', 'Text', 'Wait For', 'Options']);
  });

  it('shows the fields of the trigger', async () => {
    await editor.openWorkflow(workflow.id);
    await editor.openNode('Chasqui Trigger');
    await editor.photograph('trigger');
    expect(await editor.fieldLabels()).toEqual(['Credential', 'Instance', 'Events', 'Download Media', 'Options']);
  });

  it('shows the fields of the other nodes', async () => {
    const others = await scene.workflow(
      'Other nodes',
      node('Any Event', CHASQUI_TRIGGER, { instanceId, events: ['message.received', 'message.ack', 'instance.status'], downloadMedia: true }, scene),
      node('Send Media', CHASQUI, { resource: 'message', operation: 'sendMedia', instanceId, to: '={{ $json.replyTo }}', caption: 'As promised' }, scene),
      node('Send Location', CHASQUI, { resource: 'message', operation: 'sendLocation', instanceId, to: '={{ $json.replyTo }}', latitude: -13.163141, longitude: -72.544963 }, scene),
      node('Get QR Code', CHASQUI, { resource: 'instance', operation: 'getQrCode', instanceId }, scene),
    );
    await editor.openWorkflow(others.id);
    const seen: Record<string, string[]> = {};
    for (const { name } of others.nodes) {
      await editor.openNode(name);
      await editor.photograph(name.toLowerCase().replaceAll(' ', '-'));
      seen[name] = await editor.fieldLabels();
      await editor.closeNode();
    }
    expect(seen).toEqual({
      'Any Event': ['Credential', 'Instance', 'Events', 'Statuses', 'Download Media', 'Put Output File in Field', 'Options'],
      'Send Media': ['Credential', 'Resource', 'Operation', 'Instance', 'To', 'Media Type', 'Source', 'Input Binary Field', 'Caption', 'Wait For', 'Options'],
      'Send Location': ['Credential', 'Resource', 'Operation', 'Instance', 'To', 'Latitude', 'Longitude', 'Wait For', 'Options'],
      'Get QR Code': ['Credential', 'Resource', 'Operation', 'Instance', 'Put Output File in Field'],
    });
  });

  it('lists the gateway\'s instances by name', async () => {
    await editor.openWorkflow(workflow.id);
    await editor.openNode('Send Text');
    await editor.page.locator('[data-test-id="rlc-input"]').click();
    const entries = editor.page.locator('[data-test-id="rlc-item"]:visible');
    await expect.poll(async () => (await entries.allInnerTexts()).join('\n'), { timeout: 20_000 }).toMatch(/^demo\b.*\nSales Team\b/);
    await editor.photograph('instance-list');
    expect(await entries.count()).toBe(2);
  });

  it('shows the credential as tested', async () => {
    await editor.openWorkflow(workflow.id);
    await editor.openNode('Send Text');
    await editor.page.locator('[data-test-id="credential-edit-button"]').click();
    const form = editor.page.locator('[data-test-id="editCredential-modal"]');
    await form.getByText('Connection tested successfully').waitFor();
    await form.getByText('Retry').waitFor();
    await editor.photograph('credential');
    expect(await form.locator('label').allInnerTexts()).toEqual(expect.arrayContaining([expect.stringContaining('Base URL'), expect.stringContaining('API Key')]));
  });

  it('finds the pack by the word WhatsApp', async () => {
    await editor.openWorkflow(workflow.id);
    await editor.page.locator('[data-test-id="node-creator-plus-button"]').click();
    await editor.page.locator('[data-test-id="node-creator-search-bar"]').fill('whatsapp');
    const entry = editor.page.locator('[data-test-id="item-iterator-item"]').filter({ hasText: 'Chasqui' }).first();
    await entry.waitFor();
    await expect.poll(() => entry.locator('img').first().evaluate(image => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
    await editor.photograph('node-creator');
  });

  it('runs the workflow while one looks on, and shows what came and what went', async () => {
    await editor.openWorkflow(workflow.id);
    await editor.page.locator('[data-test-id="execute-workflow-button"]').click();
    await expect.poll(() => scene.webhookUrls(), { timeout: 30_000 }).toEqual([expect.stringContaining('/webhook-test/')]);
    await editor.photograph('listening');
    const ana = scene.contact('15550002222');
    await ana.write(ACCOUNT, { text: 'Are you open on Sunday?' });
    const reply = await ana.hears('the answer', message => message.text?.endsWith('You wrote: Are you open on Sunday?') ?? false);
    await editor.page.locator('[data-test-id="canvas-node-status-success"]').nth(1).waitFor();
    await editor.page.locator('[data-test-id="execute-workflow-button"]:enabled').getByText('Execute workflow').waitFor();
    await editor.dismissToasts();
    await editor.photograph('workflow-run');

    await editor.openNode('Send Text');
    const [input, output] = ['ndv-input-panel', 'output-panel'].map(panel => editor.page.locator(`[data-test-id="${panel}"]`));
    await input?.getByText('Are you open on Sunday?').first().waitFor();
    await output?.getByText(reply.messageId).first().waitFor();
    await editor.photograph('send-text-run');
  });
});
