import type { Logger } from 'pino';
import { isStoreAway } from '../../domain/errors.js';
import type { Instance, InstanceStatus } from '../../domain/instances/instance.js';
import { describeReason, type ReasonCode } from '../../domain/instances/reasons.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import type { ConnectionHistory } from '../../ports/connection-history.js';
import type { InstancePatch, InstanceRepository } from '../../ports/repositories.js';
import type { LiveStatus, StatusBoard } from '../../ports/status-board.js';
import type { Ownership } from '../cluster/ownership.js';
import type { Outlet } from '../events/outlet.js';
import type { LeftBy } from '../messages/end-leftovers.js';
import type { InstanceAlertData } from '../../domain/events/event.js';
import { isPending } from '../../domain/instances/connection.js';
import type { SessionView } from './session.js';

/** Until the store is asked again that could not be reached. */
const STORE_PAUSE_MS = 1_000;

export interface RecorderParts {
  instances: Pick<InstanceRepository, 'update'>;
  history: Pick<ConnectionHistory, 'append'>;
  board: Pick<StatusBoard, 'put'>;
  outlet: Pick<Outlet, 'publish'>;
  ownership: Pick<Ownership, 'isCurrent'>;
  clock: Clock;
  logger: Logger;
  /** Told at once when an instance's status or reason changes. */
  onStatus: (instanceId: string, status: InstanceStatus) => void;
  /** Ends what the account has left unacknowledged. */
  endLeftovers: (tenure: Tenure, leftBy: LeftBy) => Promise<void>;
}

/**
 * Writes what a session shows: board first, then the row and the event; one after the other, so that the last word wins. What the store could not be
 * reached for is done when it can, as long as the tenure lasts: an event is told, and what an account left is ended, once and in order.
 */
export function createSessionRecorder(parts: RecorderParts, instance: Pick<Instance, 'instanceId' | 'status' | 'reason'>, tenure: Tenure) {
  const { instanceId } = instance;
  const { board, clock, history, instances, logger, outlet, ownership } = parts;
  let muted = false;
  /** The row was not told what is shown. */
  let rowIsBehind = false;
  let queue: Promise<void> = Promise.resolve();
  let waiting = 0;
  let told = { status: instance.status, reason: instance.reason };
  let shownQr: string | null = null;
  let seen: number | null = null;

  function enqueue(work: () => Promise<unknown>): void {
    waiting += 1;
    queue = queue.then(() => persist(work)).catch((err: unknown) => logger.error({ err, instanceId }, 'the instance status could not be stored'))
      .finally(() => { waiting -= 1; });
  }

  async function persist(work: () => Promise<unknown>): Promise<void> {
    while (!muted && ownership.isCurrent(tenure)) {
      try {
        await work();
        return;
      } catch (err) {
        if (!isStoreAway(err)) throw err;
        logger.debug({ err, instanceId, retryInMs: STORE_PAUSE_MS }, 'the instance status could not be stored yet');
      }
      await new Promise<void>(resolve => { clock.after(STORE_PAUSE_MS, resolve); });
    }
  }

  function update(patch: InstancePatch, now: number): void {
    enqueue(async () => {
      rowIsBehind = true;
      await instances.update(instanceId, patch, now, tenure.epoch);
      rowIsBehind = false;
    });
  }

  function record(view: SessionView): void {
    const now = clock.now();
    const { status, reason } = view.connection;
    const changed = told.status !== status || told.reason !== reason;
    const newQr = view.qr && view.qr.text !== shownQr ? view.qr : null;
    told = { status, reason };
    shownQr = view.qr?.text ?? null;
    enqueue(() => board.put(toLive(tenure, view, now)));
    update(toPatch(view), now);
    const leftBy = changed ? accountLeft(status, reason) : null;
    if (leftBy) enqueue(() => parts.endLeftovers(tenure, leftBy));
    if (changed) enqueue(() => history.append(tenure, { at: now, status, reason }));
    if (changed) parts.onStatus(instanceId, status);
    if (changed) {
      const data = { status, reason, message: describeReason(reason), ...(view.account ? { phoneNumber: view.account.phoneNumber } : {}) };
      enqueue(() => outlet.publish(instanceId, { type: 'instance.status', data }, [String(now), status, reason]));
    }
    if (newQr) {
      const data = { qr: newQr.text, expiresAt: new Date(newQr.expiresAt).toISOString() };
      enqueue(() => outlet.publish(instanceId, { type: 'instance.qr', data }, [newQr.text]));
    }
  }

  return {
    record,
    refresh(view: SessionView): void {
      if (rowIsBehind) update(toPatch(view), clock.now());
      if (view.connection.status !== 'CONNECTED' || view.lastSeen === seen) return;
      seen = view.lastSeen;
      enqueue(() => board.put(toLive(tenure, view, clock.now())));
      update({ lastSeen: view.lastSeen }, clock.now());
    },
    /** Nothing is told any more. */
    mute(): void {
      muted = true;
    },
    /** Tells the user's systems that somebody should look at the instance. */
    alert(data: InstanceAlertData): void {
      const at = clock.now();
      enqueue(() => outlet.publish(instanceId, { type: 'instance.alert', data }, [String(at), data.alert]));
    },
    settled: () => queue,
    isStored: () => waiting === 0 && !rowIsBehind,
  };
}

/** Whether the account that wrote what is unacknowledged is gone; a pairing may be that of another one. */
function accountLeft(status: InstanceStatus, reason: ReasonCode): LeftBy | null {
  if (reason === 'deleted') return 'instance_deleted';
  if (reason === 'pairing') return 'paired_anew';
  return status === 'LOGGED_OUT' ? 'logged_out' : null;
}

function toLive({ instanceId, epoch }: Tenure, view: SessionView, now: number): LiveStatus {
  const { status, reason } = view.connection;
  return {
    instanceId, epoch, status, reason, qr: view.qr,
    phoneNumber: view.account?.phoneNumber ?? null,
    lastSeen: view.lastSeen,
    connectedAt: status === 'CONNECTED' ? view.connectedAt : null,
    updatedAt: now,
    since: view.since,
    pendingSince: isPending(view.connection) ? view.pendingSince : null,
  };
}

function toPatch(view: SessionView): InstancePatch {
  const { status, reason } = view.connection;
  return {
    status, reason,
    qr: view.qr?.text ?? null,
    qrAt: view.qr?.madeAt ?? null,
    ...(view.account ? { phoneNumber: view.account.phoneNumber, lid: view.account.lid } : {}),
    ...(status === 'CONNECTED' ? { connectedAt: view.connectedAt } : {}),
    ...(view.lastSeen === null ? {} : { lastSeen: view.lastSeen }),
  };
}
