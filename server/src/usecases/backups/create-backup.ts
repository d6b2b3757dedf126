import type { GatewayUseCases } from '../gateway.js';
import type { BackupUseCaseDeps } from './deps.js';

/** Keeps a copy of the credentials of a paired instance, connected or not. */
export function createCreateBackup({ find, sessions, client, turns }: Pick<BackupUseCaseDeps, 'find' | 'sessions' | 'client' | 'turns'>): GatewayUseCases['createBackup'] {
  return instanceId => turns.run([instanceId], async () => {
    const session = sessions.of(await find(instanceId));
    await session.effectsDone();
    return client.backUpSession(session.tenure);
  });
}
