import { readFileSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import { requestJson } from './support/http.js';

it('n8n knows the nodes of the pack, and made a tool for AI agents of one', async () => {
  const { url, cookie, browserId } = inject('n8n');
  const types = await requestJson<{ name: string }[]>('GET', `${url}/types/nodes.json`, undefined, { cookie, 'browser-id': browserId });
  expect(types.map(({ name }) => name).filter(name => name.startsWith('n8n-nodes-chasqui.')).sort()).toEqual([
    'n8n-nodes-chasqui.chasqui', 'n8n-nodes-chasqui.chasquiTool', 'n8n-nodes-chasqui.chasquiTrigger',
  ]);
});

it('n8n has nothing to complain about the pack', () => {
  const complaints = readFileSync(inject('n8nLog'), 'utf8').split('\n').filter(line => /chasqui/i.test(line) && /error|warn|deprecat|fail/i.test(line));
  expect(complaints).toEqual([]);
});
