import { createGatewayCommand, COMMON_OPTIONS } from './gateway/gateway-command.js';

/** Brings an account's identity back. */
export const restore = createGatewayCommand({
  name: 'restore',
  summary: 'bring an account back from a backup',
  usage: `restore <instanceId> <backupId>

Puts the identity of a backup in the place of the instance's session: it connects again without a scan, as long as the phone has not unlinked
it. Chats make new keys by themselves. The instance must be disconnected ("chasqui instances disconnect"); connect it afterwards.

${COMMON_OPTIONS}`,
  actions: [{
    names: ['<instanceId>', '<backupId>'],
    async run({ gateway, words: [instanceId = '', backupId = ''] }) {
      const answer = await gateway.call('POST', `/instances/${encodeURIComponent(instanceId)}/backups/${encodeURIComponent(backupId)}/restore`);
      return { json: answer, lines: [`Restored. Connect it with: chasqui instances connect ${instanceId}`] };
    },
  }],
});
