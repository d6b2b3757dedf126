import type { Static } from 'typebox';
import type { Backup } from '../../domain/instances/backup.js';
import { describeReason } from '../../domain/instances/reasons.js';
import type { ConnectionRecord } from '../../ports/connection-history.js';
import type { BackupSchema, ConnectionHistorySchema } from '../schemas/backup.js';
import { iso, maybeIso } from './time.js';

export function viewBackup({ id, instanceId, cause, phoneNumber, createdAt, endedAt }: Backup): Static<typeof BackupSchema> {
  return {
    backupId: id, instanceId, cause,
    ...(phoneNumber === null ? {} : { phoneNumber }),
    restorable: endedAt === null,
    createdAt: iso(createdAt),
    ...maybeIso('endedAt', endedAt),
  };
}

export function viewConnectionRecord({ at, status, reason }: ConnectionRecord): Static<typeof ConnectionHistorySchema>['history'][number] {
  return { at: iso(at), status, reason, message: describeReason(reason) };
}
