import { expect, inject, it } from 'vitest';
import { requestJson } from './support/http.js';

it('n8n knows the nodes of the pack, and made a tool for AI agents of one', async () => {
  const { url, cookie, browserId } = inject('n8n');
  const types = await requestJson<{ name: string }[]>('GET', `${url}/types/nodes.json`, undefined, { cookie, 'browser-id': browserId });
  expect(types.map(({ name }) => name).filter(name => name.startsWith('n8n-nodes-chasqui.')).sort()).toEqual([
    'n8n-nodes-chasqui.chasqui', 'n8n-nodes-chasqui.chasquiTool', 'n8n-nodes-chasqui.chasquiTrigger',
  ]);
});

it('n8n had nothing to say against the pack when it loaded it', () => {
  const complaints = inject('n8nStartLog').split('\n').filter(line => line.includes('n8n-nodes-chasqui'));
  expect(complaints).toEqual([]);
});
