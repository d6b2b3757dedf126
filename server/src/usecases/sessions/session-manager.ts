import type { Logger } from 'pino';
import type { Instance, InstanceStatus } from '../../domain/instances/instance.js';
import { describeReason, type ReasonCode } from '../../domain/instances/reasons.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { InstancePatch, InstanceRepository } from '../../ports/repositories.js';
import type { LiveStatus, StatusBoard } from '../../ports/status-board.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { Outlet } from '../events/outlet.js';
import type { LeftBy } from '../messages/end-leftovers.js';
import { Session, type SessionView, type Traffic } from './session.js';

/** `lastSeen` goes to the board and the row this often at most. */
const LAST_SEEN_MS = 15_000;

export interface SessionManager {
  /** The instance's session; made on first use from its row. */
  of(instance: Pick<Instance, 'instanceId' | 'status' | 'reason'>): Session;
  /** null when this instance had nothing to do with a connection since the start. */
  find(instanceId: string): Session | null;
  all(): { instanceId: string; session: Session }[];
  /** Forgets a session that was closed before. */
  forget(instanceId: string): void;
  /** Resolves when everything that was shown so far is also stored. */
  settled(): Promise<void>;
  /** Closes every session; their rows say that the gateway was stopped. Idempotent. */
  stop(): Promise<void>;
}

export interface SessionManagerParts {
  client: WhatsAppClient;
  instances: Pick<InstanceRepository, 'update'>;
  board: StatusBoard;
  outlet: Pick<Outlet, 'publish'>;
  clock: Clock;
  random: Random;
  logger: Logger;
  trafficOf: (instanceId: string) => Traffic;
  /** Told at once when an instance's status or reason changes. */
  onStatus: (instanceId: string, status: InstanceStatus) => void;
  /** Ends what the account has left unacknowledged. */
  endLeftovers: (instanceId: string, leftBy: LeftBy) => Promise<void>;
}

/** Keeps one session per instance, and what the world sees of it (row, board, events) in step with it. */
export function createSessionManager(parts: SessionManagerParts): SessionManager {
  const sessions = new Map<string, Session>();
  const recorders = new Map<string, ReturnType<typeof createRecorder>>();
  let stopLastSeen = () => {};

  function of(instance: Pick<Instance, 'instanceId' | 'status' | 'reason'>): Session {
    const { instanceId } = instance;
    const known = sessions.get(instanceId);
    if (known) return known;
    const recorder = createRecorder(parts, instance);
    const session = new Session({
      instanceId,
      client: parts.client,
      clock: parts.clock,
      random: parts.random,
      logger: parts.logger,
      traffic: parts.trafficOf(instanceId),
      onChange: recorder.record,
      // A row says how things were; without a socket nothing is CONNECTED, CONNECTING or QR_READY.
      initial: instance.status === 'LOGGED_OUT' || instance.status === 'DISCONNECTED' ? instance : { status: 'DISCONNECTED', reason: 'gateway_stopped' },
    });
    sessions.set(instanceId, session);
    recorders.set(instanceId, recorder);
    return session;
  }

  function rememberLastSeen(): void {
    stopLastSeen = parts.clock.after(LAST_SEEN_MS, () => {
      for (const [instanceId, session] of sessions) recorders.get(instanceId)?.refresh(session.view());
      rememberLastSeen();
    });
  }
  rememberLastSeen();

  const settled = async () => {
    await Promise.all([...recorders.values()].map(recorder => recorder.settled()));
  };

  return {
    of,
    find: instanceId => sessions.get(instanceId) ?? null,
    all: () => [...sessions].map(([instanceId, session]) => ({ instanceId, session })),
    forget(instanceId) {
      sessions.delete(instanceId);
      recorders.delete(instanceId);
    },
    settled,
    async stop() {
      stopLastSeen();
      const running = [...sessions.values()].filter(session => {
        const { status } = session.view().connection;
        return status !== 'DISCONNECTED' && status !== 'LOGGED_OUT';
      });
      await Promise.all(running.map(session => session.dispatch({ type: 'disconnect', reason: 'gateway_stopped' })));
      await settled();
      sessions.clear();
      recorders.clear();
    },
  };
}

/** Writes what a session shows: board first, then the row and the event; one after the other, so that the last word wins. */
function createRecorder(parts: SessionManagerParts, instance: Pick<Instance, 'instanceId' | 'status' | 'reason'>) {
  const { instanceId } = instance;
  const { board, clock, instances, logger, outlet } = parts;
  let queue: Promise<void> = Promise.resolve();
  let told = { status: instance.status, reason: instance.reason };
  let shownQr: string | null = null;
  let seen: number | null = null;

  function enqueue(work: () => Promise<unknown>): void {
    queue = queue.then(work).then(() => {}, (err: unknown) => logger.error({ err, instanceId }, 'the instance status could not be stored'));
  }

  function record(view: SessionView): void {
    const now = clock.now();
    const { status, reason } = view.connection;
    const changed = told.status !== status || told.reason !== reason;
    const newQr = view.qr && view.qr.text !== shownQr ? view.qr : null;
    told = { status, reason };
    shownQr = view.qr?.text ?? null;
    enqueue(() => board.put(toLive(instanceId, view, now)));
    enqueue(() => instances.update(instanceId, toPatch(view), now));
    const leftBy = changed ? accountLeft(status, reason) : null;
    if (leftBy) enqueue(() => parts.endLeftovers(instanceId, leftBy));
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
      if (view.connection.status !== 'CONNECTED' || view.lastSeen === seen) return;
      seen = view.lastSeen;
      enqueue(() => board.put(toLive(instanceId, view, clock.now())));
      enqueue(() => instances.update(instanceId, { lastSeen: view.lastSeen }, clock.now()));
    },
    settled: () => queue,
  };
}

/** Whether the account that wrote what is unacknowledged is gone; a pairing may be that of another one. */
function accountLeft(status: InstanceStatus, reason: ReasonCode): LeftBy | null {
  if (reason === 'deleted') return 'instance_deleted';
  if (reason === 'pairing') return 'paired_anew';
  return status === 'LOGGED_OUT' ? 'logged_out' : null;
}

function toLive(instanceId: string, view: SessionView, now: number): LiveStatus {
  const { status, reason } = view.connection;
  return {
    instanceId, status, reason, qr: view.qr,
    phoneNumber: view.account?.phoneNumber ?? null,
    lastSeen: view.lastSeen,
    connectedAt: status === 'CONNECTED' ? view.connectedAt : null,
    updatedAt: now,
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
