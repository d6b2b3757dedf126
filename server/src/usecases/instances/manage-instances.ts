import { DEFAULT_SETTINGS } from '../../domain/instances/instance.js';
import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { StatusBoard } from '../../ports/status-board.js';
import type { GatewayUseCases, InstanceView } from '../gateway.js';
import type { SessionManager } from '../sessions/session-manager.js';
import type { InstanceLookup, InstanceViewer } from './find-instance.js';

export interface ManageInstancesParts {
  instances: InstanceRepository;
  find: InstanceLookup;
  view: InstanceViewer;
  board: StatusBoard;
  sessions: SessionManager;
  clock: Clock;
}

type ManageInstances = Pick<GatewayUseCases, 'createInstance' | 'listInstances' | 'getInstance' | 'updateInstance' | 'deleteInstance' | 'restoreInstance'>;

/** The instance as a row: make, read, change, delete softly, bring back. */
export function createManageInstances({ instances, find, view, board, sessions, clock }: ManageInstancesParts): ManageInstances {
  const one = async (row: Parameters<InstanceViewer>[0][number]): Promise<InstanceView> => {
    const [seen] = await view([row]);
    if (!seen) throw new DomainError('internal_error', 'The instance vanished while it was read.');
    return seen;
  };

  return {
    createInstance: async ({ instanceId, name, settings }) =>
      one(await instances.create({ instanceId, name: name ?? instanceId, settings: { ...DEFAULT_SETTINGS, ...settings } }, clock.now())),
    listInstances: async options => view(await instances.list(options)),
    getInstance: async instanceId => one(await find(instanceId)),
    async updateInstance(instanceId, { name, settings }) {
      const row = await find(instanceId);
      return one(await instances.update(instanceId, {
        ...(name === undefined ? {} : { name }),
        ...(settings === undefined ? {} : { settings: { ...row.settings, ...settings } }),
      }, clock.now()));
    },
    async deleteInstance(instanceId) {
      const row = await find(instanceId);
      // First the row: a deleted instance must not come back by itself, whatever happens next.
      await instances.update(instanceId, { deletedAt: clock.now(), active: false }, clock.now());
      await sessions.of(row).dispatch({ type: 'disconnect', reason: 'deleted' });
      await sessions.settled();
      sessions.forget(instanceId);
      await board.remove(instanceId);
      const deleted = await instances.find(instanceId);
      return one(deleted ?? row);
    },
    async restoreInstance(instanceId) {
      const row = await instances.find(instanceId);
      if (!row) return one(await find(instanceId));
      if (row.deletedAt === null) return one(row);
      const restored = row.status === 'LOGGED_OUT' ? {} : { status: 'DISCONNECTED' as const, reason: 'disconnected_by_user' as const };
      return one(await instances.update(instanceId, { deletedAt: null, ...restored }, clock.now()));
    },
  };
}
