import { join } from 'node:path';
import { openConnection } from '@gateway/adapters/sqlite/connection.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550006001';
const OTHER = '15550006002';
const CONTACT = '15550006003';
const later = () => new Date(Date.now() + 3_600_000).toISOString();

describe('an instance that is deleted for good', { timeout: 60_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
    for (const [id, number] of [['gone', PHONE], ['stays', OTHER]] as const) {
      await stack.pair(id, number);
      await stack.api.post(`/instances/${id}/webhooks`, { url: 'http://127.0.0.1:9/', events: ['message.received', 'message.ack'] }, 201);
      await stack.api.post(`/instances/${id}/messages/text`, { to: CONTACT, text: 'out' }, 201);
      const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: number, text: 'in' });
      await until('it is stored', async () => (await stack.api.raw(`/instances/${id}/messages/${messageId}`)).status === 200);
      await stack.api.post(`/instances/${id}/messages/image?async=true`, { to: CONTACT, base64: 'aGVsbG8=', mimetype: 'image/png', scheduledAt: later() }, 202);
    }
  });
  afterAll(() => stack?.stop());

  it('leaves nothing, at WhatsApp neither, and harms no other', async () => {
    await stack.api.post('/instances/gone/backups', undefined, 201);
    await stack.api.remove('/instances/gone?purge=true', 204);
    await stack.api.get('/instances/gone', 404);
    await stack.api.remove('/instances/gone?purge=true', 404);
    await until('its device is unlinked', () => stack.simulator.phones.get(PHONE).devices.length === 0);
    await stack.api.post('/instances/stays/messages/text', { to: CONTACT, text: 'still here' }, 201);
    await stack.stopGateway();

    const database = openConnection(join(stack.dataDir, 'chasqui.db'), 5_000);
    try {
      // The audit log says who deleted it.
      const tables = (database.prepare("SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'instanceId' AND m.name <> 'AuditEntry'").all([]) as { name: string }[]).map(({ name }) => name);
      const rows = (id: string) => tables.filter(table => (database.prepare(`SELECT count(*) AS n FROM "${table}" WHERE instanceId = ?`).get([id]) as { n: number }).n > 0).sort();
      expect(rows('stays')).toEqual(expect.arrayContaining(['ConnectionRecord', 'Delivery', 'Instance', 'JournalEntry', 'Message', 'SessionCredentials', 'SignalKey', 'StashedMedia', 'Webhook']));
      expect(rows('gone')).toEqual([]);
    } finally {
      database.close();
    }
  });
});
