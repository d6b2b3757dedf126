import type { Logger } from 'pino';
import { GATEWAY } from '../../domain/access/scopes.js';
import { isStoreAway } from '../../domain/errors.js';
import type { AuditEntry, AuditLog, NewAuditEntry } from '../../ports/audit-log.js';
import type { Clock } from '../../ports/clock.js';
import { createAuditBacklog } from './backlog.js';
import { createRepeats, type Repeatable } from './repeats.js';

/** Notes what was done, and tried. A note that cannot be kept waits for the store, or is logged, and is nobody's failure. */
export interface Auditor {
  /**
   * Never rejects; resolves when the entry is durable, or cannot be kept now.
   * @param patient it may wait some milliseconds for another write, to share its commit
   */
  note(entry: Omit<NewAuditEntry, 'at'>, patient?: boolean): Promise<void>;
  /** What the gateway does by itself, as a clean-up or a restart. Never rejects. */
  byGateway(action: string, instanceId: string | null, outcome: AuditEntry['outcome'], detail?: Record<string, unknown>): Promise<void>;
  /** What anybody may cause as often as he likes, such as a call with a key that is not valid: two entries a minute for each actor and action. */
  often(entry: Repeatable): void;
  /** The end: resolves when all that was to be noted is, or is in the log for what could not be. What was only counted is noted now. */
  settled(): Promise<void>;
}

export interface AuditorParts {
  audit: Pick<AuditLog, 'record'>;
  clock: Pick<Clock, 'now' | 'after'>;
  logger: Pick<Logger, 'error' | 'warn' | 'info'>;
}

export function createAuditor({ audit, clock, logger }: AuditorParts): Auditor {
  const underWay = new Set<Promise<void>>();

  const backlog = createAuditBacklog({ record: (entry, patient) => audit.record(entry, patient), clock, logger });

  async function keep(entry: NewAuditEntry, patient: boolean): Promise<void> {
    try {
      await audit.record(entry, patient);
      backlog.storeAnswers();
    } catch (err) {
      if (isStoreAway(err)) return backlog.add(entry, err);
      // It is in the log then: it holds no secret and no text.
      logger.error({ err, entry }, 'an entry of the audit log could not be kept');
    }
  }

  function note(entry: Omit<NewAuditEntry, 'at'>, patient = false): Promise<void> {
    const kept = keep({ ...entry, at: clock.now() }, patient).finally(() => underWay.delete(kept));
    underWay.add(kept);
    return kept;
  }

  const repeats = createRepeats({ note: entry => void note(entry, true), clock });

  return {
    note,
    often: repeats.add,
    byGateway: (action, instanceId, outcome, detail) =>
      note({ actor: { id: GATEWAY.id, name: GATEWAY.name }, action, instanceId, outcome, detail: detail ?? null, requestId: null }),
    async settled() {
      repeats.stop();
      await Promise.all(underWay);
      await backlog.close();
    },
  };
}
