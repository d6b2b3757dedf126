import type { Logger } from 'pino';
import type { SessionsConfig } from '../config.js';
import type { GatewayUseCases } from '../usecases/gateway.js';
import type { Auditor } from '../usecases/audit/auditor.js';
import { createSessionCleaner, type SessionCleanerParts } from '../usecases/sessions/clean-sessions.js';
import { createForceCleanUp, type ForceCleanUpParts } from '../usecases/sessions/force-clean-up.js';
import { createListSessions } from '../usecases/sessions/list-sessions.js';
import type { SessionFacts } from '../usecases/sessions/observe-session.js';
import { createSessionSweeps, type SweepParts } from '../usecases/sessions/sweep-sessions.js';
import type { SessionManager } from '../usecases/sessions/session-manager.js';
import { createDeafWatch } from '../usecases/sessions/watch-deaf.js';
import type { InstanceViewer } from '../usecases/instances/view-instance.js';

export interface SessionHygieneParts extends Omit<ForceCleanUpParts, 'sessions'>, Omit<SessionCleanerParts, 'sessions'>, Pick<SweepParts, 'restorer'> {
  sessions: SessionManager;
  instances: ForceCleanUpParts['instances'] & SweepParts['instances'];
  client: ForceCleanUpParts['client'] & SessionCleanerParts['client'];
  keeper: ForceCleanUpParts['keeper'];
  view: InstanceViewer;
  facts: SessionFacts;
  auditor: Auditor;
  config: SessionsConfig;
  logger: Logger;
}

/** What keeps sessions clean, by itself and on request. */
export interface SessionHygiene {
  usecases: Pick<GatewayUseCases, 'forceCleanUp' | 'listSessions' | 'cleanUpSessions'>;
  start(): void;
  /** Idempotent. */
  stop(): Promise<void>;
}

export function createSessionHygiene(parts: SessionHygieneParts): SessionHygiene {
  const { config, facts, auditor } = parts;
  const cleaner = createSessionCleaner(parts);
  const sweeps = createSessionSweeps({ ...parts, cleaner, times: config });
  const deafWatch = createDeafWatch({ ...parts, silenceMs: config.deafProbeMs });

  // What the gateway did by itself; what a person asked for is noted with the call.
  facts.listen(fact => {
    if (fact.type === 'expired' && fact.by !== 'request') void auditor.byGateway('session.expire', fact.instanceId, 'ok', { reason: fact.reason });
    // Nobody here asked for it: the device was unlinked on the phone, or by WhatsApp.
    if (fact.type === 'wiped' && fact.cause === 'logged_out') void auditor.byGateway('session.delete_credentials', fact.instanceId, fact.failure ?? 'ok', { cause: fact.cause });
    if (fact.type === 'deaf') void auditor.byGateway('session.restart_deaf', fact.instanceId, 'ok');
    if (fact.type === 'flapping') void auditor.byGateway('session.pause_flapping', fact.instanceId, 'ok', { pauseSeconds: Math.round(fact.pauseMs / 1_000) });
  });

  return {
    usecases: {
      forceCleanUp: createForceCleanUp(parts),
      listSessions: createListSessions(parts),
      async cleanUpSessions(kind, { wanted } = {}) {
        const chosen = wanted ? { wanted: (instanceId: string) => wanted.includes(instanceId) } : {};
        const instanceIds = await (kind === 'pending' ? cleaner.expirePending({ olderThanMs: 0, by: 'request', ...chosen }) : cleaner.releaseInactive(chosen));
        return { instanceIds: instanceIds.sort(), unansweredNodes: 0 };
      },
    },
    start() {
      sweeps.start();
      deafWatch.start();
    },
    async stop() {
      deafWatch.stop();
      await sweeps.stop();
    },
  };
}
