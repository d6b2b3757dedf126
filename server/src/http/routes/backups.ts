import type { GatewayUseCases } from '../../usecases/gateway.js';
import { readCursor, writeCursor } from '../cursor.js';
import type { App } from '../http-app.js';
import { BackupList, BackupParams, BackupSchema, ConnectionHistoryQuery, ConnectionHistorySchema } from '../schemas/backup.js';
import { InstanceParams, Ref } from '../schemas/common.js';
import { InstanceSchema } from '../schemas/instance.js';
import { problems } from '../schemas/problem.js';
import { viewBackup, viewConnectionRecord } from '../views/backup.js';
import { viewInstance } from '../views/instance.js';

const tags = ['Backups'];
const missing = problems('validation_failed', 'instance_not_found');

/** Backups of a session's identity, and what became of its connection. */
export function backupRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.post('/instances/:instanceId/backups', {
    config: { scope: 'instances:write', audit: 'instance.backup' },
    schema: {
      summary: 'Make a backup', operationId: 'createBackup', tags,
      description: 'Keeps a sealed copy of the credentials of a paired instance, connected or not. The gateway makes one by itself before it deletes good credentials.',
      params: InstanceParams, response: { 201: Ref(BackupSchema), ...problems('validation_failed', 'instance_not_found', 'no_session') },
    },
  }, async (request, reply) => {
    const backup = viewBackup(await usecases.createBackup(request.params.instanceId));
    request.auditNote = { detail: { backupId: backup.backupId } };
    return reply.code(201).send(backup);
  });

  app.get('/instances/:instanceId/backups', {
    config: { scope: 'instances:read' },
    schema: {
      summary: 'List backups', operationId: 'listBackups', tags,
      description: 'The backups of an instance, latest first. They are kept for some days, 7 unless it was set.',
      params: InstanceParams, response: { 200: BackupList, ...missing },
    },
  }, async request => ({ backups: (await usecases.listBackups(request.params.instanceId)).map(viewBackup) }));

  app.delete('/instances/:instanceId/backups/:backupId', {
    config: { scope: 'instances:write', audit: 'instance.delete_backup' },
    schema: {
      summary: 'Delete a backup', operationId: 'deleteBackup', tags,
      description: 'Deletes it for good.',
      params: BackupParams,
      response: { 204: { type: 'null', description: 'It is gone.' }, ...problems('validation_failed', 'instance_not_found', 'backup_not_found') },
    },
  }, async (request, reply) => {
    await usecases.deleteBackup(request.params.instanceId, request.params.backupId);
    return reply.code(204).send(null);
  });

  app.post('/instances/:instanceId/backups/:backupId/restore', {
    config: { scope: 'instances:write', audit: 'instance.restore_backup' },
    schema: {
      summary: 'Restore a backup', operationId: 'restoreBackup', tags,
      description: 'Brings the identity back: the instance connects again without a scan. Sessions of chats are not brought back, and pre-keys are made new, since old ones would break the chats: each contact makes a new session with the next message. The instance must be disconnected, and the device still linked. It is not connected by this; a session that was there is kept as a backup.',
      params: BackupParams,
      response: { 200: Ref(InstanceSchema), ...problems('validation_failed', 'instance_not_found', 'backup_not_found', 'backup_not_restorable') },
    },
  }, async request => viewInstance(await usecases.restoreBackup(request.params.instanceId, request.params.backupId)));

  app.get('/instances/:instanceId/connection-history', {
    config: { scope: 'instances:read' },
    schema: {
      summary: 'List changes of the connection', operationId: 'listConnectionHistory', tags: ['Connection'],
      description: 'What became of the connection, and when, latest first, page by page. It is kept for 90 days unless it was set, and a deleted instance still shows it.',
      params: InstanceParams, querystring: ConnectionHistoryQuery, response: { 200: ConnectionHistorySchema, ...missing },
    },
  }, async request => {
    const { limit = 50, cursor } = request.query;
    const page = await usecases.listConnectionHistory(request.params.instanceId, { limit, cursor: cursor === undefined ? undefined : readCursor(cursor) });
    return { history: page.records.map(viewConnectionRecord), ...(page.next === null ? {} : { next: writeCursor(page.next) }) };
  });
}
