import type { Logger } from 'pino';
import { isStoreAway } from '../domain/errors.js';
import type { Auditor } from './audit/auditor.js';
import type { AuditLog } from '../ports/audit-log.js';
import type { Clock } from '../ports/clock.js';
import type { BackupStore } from '../ports/backup-store.js';
import type { ConnectionHistory } from '../ports/connection-history.js';
import type { CiphertextMemos, ReceiveJournal } from '../ports/journal.js';
import type { MediaStash } from '../ports/media-stash.js';
import type { DeliveryStore, MessageStore } from '../ports/message-store.js';

const HOUR_MS = 3_600_000;
/** The first round waits until a start is over. */
const FIRST_MS = 60_000;
const BATCH = 500;
/** Between two batches, so that what people wait for comes in between. */
const PAUSE_MS = 50;
/** Handed-over media without a message is what an acceptance that failed has left. */
const ORPHANED_MEDIA_MS = HOUR_MS;

export interface RetentionParts {
  messages: Pick<MessageStore, 'prune'>;
  deliveries: Pick<DeliveryStore, 'prune'>;
  journal: Pick<ReceiveJournal, 'prune'>;
  memos: Pick<CiphertextMemos, 'prune'>;
  stash: Pick<MediaStash, 'prune'>;
  audit: Pick<AuditLog, 'prune'>;
  backups: Pick<BackupStore, 'prune'>;
  history: Pick<ConnectionHistory, 'prune'>;
  auditor: Pick<Auditor, 'byGateway'>;
  /** Whether this process is the one that does it; without it it is. */
  isOnDuty?: () => Promise<boolean>;
  /** Milliseconds. */
  keep: { messagesMs: number; deliveriesMs: number; journalMs: number; backupsMs: number; historyMs: number; auditMs: number };
  clock: Clock;
  logger: Pick<Logger, 'info' | 'error' | 'debug'>;
}

export interface Retention {
  start(): void;
  /** One round: removes what is too old, in small batches; answers how many rows of each kind. */
  run(): Promise<Record<string, number>>;
  /** Ends a round after its batch. Idempotent. */
  stop(): Promise<void>;
}

/** Removes what is older than it has to be, every hour. */
export function createRetention({ messages, deliveries, journal, memos, stash, backups, history, audit, auditor, isOnDuty = () => Promise.resolve(true), keep, clock, logger }: RetentionParts): Retention {
  let stopped = false;
  let cancel = () => {};
  let running: Promise<Record<string, number>> | null = null;
  const kinds: [string, number, (before: number, limit: number) => Promise<number>][] = [
    ['messages', keep.messagesMs, messages.prune],
    ['deliveries', keep.deliveriesMs, deliveries.prune],
    ['journal', keep.journalMs, journal.prune],
    // A message that can still go out again keeps its ciphertexts, however old.
    ['memos', keep.journalMs, memos.prune],
    ['backups', keep.backupsMs, backups.prune],
    ['history', keep.historyMs, history.prune],
    ['media', ORPHANED_MEDIA_MS, stash.prune],
    ['audit', keep.auditMs, audit.prune],
  ];

  async function round(): Promise<Record<string, number>> {
    const removed: Record<string, number> = {};
    try {
      for (const [kind, keptMs, prune] of kinds) {
        const before = clock.now() - keptMs;
        for (let count = 1; count > 0 && !stopped;) {
          count = await prune(before, BATCH);
          removed[kind] = (removed[kind] ?? 0) + count;
          if (count > 0) await pause();
        }
      }
    } finally {
      await tell(Object.fromEntries(Object.entries(removed).filter(([, count]) => count > 0)));
    }
    return removed;
  }

  async function tell(removed: Record<string, number>): Promise<void> {
    if (Object.keys(removed).length === 0) return;
    logger.info(removed, 'removed what was kept long enough');
    // Else each entry about old entries would, when it is old itself, make the next one.
    if (Object.keys(removed).every(kind => kind === 'audit')) return;
    await auditor.byGateway('retention.remove', null, 'ok', removed);
  }

  function pause(): Promise<void> {
    return new Promise(resolve => { clock.after(PAUSE_MS, resolve); });
  }

  const run = () => (running ??= round().finally(() => { running = null; }));

  function later(ms: number): void {
    cancel = clock.after(ms, () => {
      isOnDuty().then(isOurs => isOurs ? run() : {}).catch((err: unknown) => logger[isStoreAway(err) ? 'debug' : 'error']({ err }, 'what is too old could not be removed'));
      later(HOUR_MS);
    });
  }

  return {
    start: () => later(FIRST_MS),
    run,
    async stop() {
      stopped = true;
      cancel();
      await running?.catch(() => {});
    },
  };
}
