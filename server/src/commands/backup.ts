import { createGatewayCommand, COMMON_OPTIONS } from './gateway/gateway-command.js';
import { table } from './gateway/table.js';

interface Backup { backupId: string; cause: string; phoneNumber?: string; restorable: boolean; createdAt: string }

/** Keeps what an account is linked by, or shows what is kept. */
export const backup = createGatewayCommand({
  name: 'backup',
  summary: 'keep what an account is linked by',
  usage: `backup <instanceId> [--list]

Makes a backup of the session's identity, to be brought back by "chasqui restore". The gateway makes one by itself before it deletes a good
session. They are kept for some days (RETENTION_BACKUPS_DAYS).

  --list  only show what there is
${COMMON_OPTIONS}`,
  actions: [{
    names: ['<instanceId>'],
    options: { list: { type: 'boolean' } },
    async run({ gateway, words: [instanceId = ''], values }) {
      const path = `/instances/${encodeURIComponent(instanceId)}/backups`;
      if (values['list'] === true) {
        const answer = await gateway.call<{ backups: Backup[] }>('GET', path);
        const rows = answer.backups.map(one => [one.backupId, one.createdAt, one.cause, one.phoneNumber ?? '', one.restorable ? 'yes' : 'no: unlinked']);
        return { json: answer, lines: table(['BACKUP', 'MADE', 'BY', 'ACCOUNT', 'RESTORABLE'], rows, 'There are no backups.') };
      }
      const made = await gateway.call<Backup>('POST', path);
      return { json: made, lines: [`Made the backup ${made.backupId} of ${instanceId}. It comes back with: chasqui restore ${instanceId} ${made.backupId}`] };
    },
  }],
});
