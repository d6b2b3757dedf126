import { Type } from 'typebox';
import { BACKUP_CAUSES } from '../../domain/instances/backup.js';
import { INSTANCE_STATUSES } from '../../domain/instances/instance.js';
import { InstanceId, Ref, Time, Words } from './common.js';

const closed = { additionalProperties: false } as const;

export const BackupParams = Type.Object({
  instanceId: InstanceId,
  backupId: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'Id of the backup.' }),
}, closed);

export const BackupSchema = Type.Object({
  backupId: Type.String(),
  instanceId: Type.String(),
  cause: Words(BACKUP_CAUSES, { description: 'Why it was made: on request, or what deleted the session.' }),
  phoneNumber: Type.Optional(Type.String({ description: 'The account that it logs in to, digits only.' })),
  restorable: Type.Boolean({ description: 'Whether the device was still linked, as far as the gateway knows.' }),
  createdAt: Time('When it was made.'),
  endedAt: Type.Optional(Time('When the device was unlinked: it can be restored no more.')),
}, { $id: 'Backup', description: 'A sealed copy of an instance\'s credentials; what is in it is never shown.' });

export const BackupList = Type.Object({ backups: Type.Array(Ref(BackupSchema)) }, { description: 'Backups, latest first.' });

export const ConnectionHistoryQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'How many, 1 to 200; 50 unless told.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The page after another: its `next`, unchanged. Missing for the latest.' })),
}, closed);

export const ConnectionHistorySchema = Type.Object({
  history: Type.Array(Type.Object({
    at: Time('When it changed.'),
    status: Words(INSTANCE_STATUSES, { description: 'State of the connection from then on.' }),
    reason: Type.String({ description: 'Why: a stable code.', examples: ['connected'] }),
    message: Type.String({ description: 'The reason as a sentence.' }),
  })),
  next: Type.Optional(Type.String({ description: 'Give this as `cursor` for what came before; missing at the end.' })),
}, { description: 'Changes of the connection, latest first.' });
