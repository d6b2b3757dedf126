import type { Instance } from '../../domain/instances/instance.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Random } from '../../ports/clock.js';
import type { StatusBoard } from '../../ports/status-board.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { Ownership } from '../cluster/ownership.js';
import type { SessionObserver } from './observe-session.js';
import { createSessionRecorder, type RecorderParts } from './session-recorder.js';
import { alertOf } from './session-alert.js';
import { Session, type SessionLimits, type SessionPieces, type Traffic } from './session.js';

/** `lastSeen` goes to the board and the row this often at most. */
const LAST_SEEN_MS = 15_000;

export interface SessionManager {
  /** The instance's session; made on first use from its row. @throws DomainError `instance_unowned` */
  of(instance: Pick<Instance, 'instanceId' | 'status' | 'reason'>): Session;
  /** null when this instance had nothing to do with a connection here, in the present tenure. */
  find(instanceId: string): Session | null;
  all(): { instanceId: string; session: Session }[];
  /** Forgets a session that was closed before. */
  forget(instanceId: string): void;
  /** Whether everything that was shown of the instance is also stored: then its session can be forgotten, and made anew from its row. */
  isStored(instanceId: string): boolean;
  /**
   * Takes the instance's session apart, whatever it hangs in, and forgets it; its status says `cleaned_up`.
   * @returns `settled` resolves when that is also on the board and stored, `offBoard` when nothing stands there any more: the row says the same, and
   * there is no session
   */
  abandon(instance: Pick<Instance, 'instanceId' | 'status' | 'reason'>): { pieces: SessionPieces; tenure: Tenure; settled: Promise<void>; offBoard: Promise<void> };
  /**
   * The instance belongs to somebody else, or is about to: closes its connection and forgets its session. What the world was told of it
   * stands, since its next owner goes on from there.
   */
  leave(instanceId: string): Promise<void>;
  /** Resolves when everything that was shown of the instance so far is also on the board and stored. */
  settled(instanceId: string): Promise<void>;
  /** Closes every session; their rows say that the gateway was stopped. Idempotent. */
  stop(): Promise<void>;
}

export interface SessionManagerParts extends RecorderParts {
  board: Pick<StatusBoard, 'put' | 'remove'>;
  client: WhatsAppClient;
  random: Random;
  trafficOf: (tenure: Tenure) => Traffic;
  ownership: Pick<Ownership, 'tenureOf' | 'isCurrent'>;
  /** Told what happens to every connection; for metrics. */
  observe?: SessionObserver;
  limits: SessionLimits;
}

/** Keeps one session per instance, and what the world sees of it (row, board, events) in step with it. */
export function createSessionManager(parts: SessionManagerParts): SessionManager {
  const sessions = new Map<string, Session>();
  const recorders = new Map<string, ReturnType<typeof createSessionRecorder>>();
  let stopLastSeen = () => {};

  function of(instance: Pick<Instance, 'instanceId' | 'status' | 'reason'>): Session {
    const { instanceId } = instance;
    const tenure = parts.ownership.tenureOf(instanceId);
    const known = sessions.get(instanceId);
    if (known?.tenure.epoch === tenure.epoch) return known;
    if (known) void leave(instanceId);
    const recorder = createSessionRecorder(parts, instance, tenure);
    const session = new Session({
      tenure,
      client: parts.client,
      clock: parts.clock,
      random: parts.random,
      logger: parts.logger,
      traffic: parts.trafficOf(tenure),
      onChange: recorder.record,
      observe(fact) {
        parts.observe?.(fact);
        const alert = alertOf(fact, parts.limits.flapping, parts.clock.now());
        if (alert) recorder.alert(alert);
      },
      limits: parts.limits,
      // A row says how things were; without a socket nothing is CONNECTED, CONNECTING or QR_READY.
      initial: instance.status === 'LOGGED_OUT' || instance.status === 'DISCONNECTED' ? instance : { status: 'DISCONNECTED', reason: 'gateway_stopped' },
    });
    sessions.set(instanceId, session);
    recorders.set(instanceId, recorder);
    return session;
  }

  async function leave(instanceId: string): Promise<void> {
    const session = sessions.get(instanceId);
    recorders.get(instanceId)?.mute();
    sessions.delete(instanceId);
    recorders.delete(instanceId);
    if (!session) return;
    parts.onStatus(instanceId, 'DISCONNECTED');
    await session.end();
  }

  /** The row says the same by now. Somebody may have connected it again meanwhile: then the board is the new session's. */
  async function takeDown(tenure: Tenure): Promise<void> {
    if (!sessions.has(tenure.instanceId)) await parts.board.remove(tenure);
  }

  function rememberLastSeen(): void {
    stopLastSeen = parts.clock.after(LAST_SEEN_MS, () => {
      for (const [instanceId, session] of sessions) recorders.get(instanceId)?.refresh(session.view());
      rememberLastSeen();
    });
  }
  rememberLastSeen();

  return {
    of,
    find(instanceId) {
      const session = sessions.get(instanceId);
      return session && parts.ownership.isCurrent(session.tenure) ? session : null;
    },
    leave,
    all: () => [...sessions].map(([instanceId, session]) => ({ instanceId, session })),
    forget(instanceId) {
      sessions.delete(instanceId);
      recorders.delete(instanceId);
    },
    isStored: instanceId => recorders.get(instanceId)?.isStored() ?? true,
    abandon(instance) {
      const session = of(instance);
      const recorder = recorders.get(instance.instanceId);
      const pieces = session.abandon('cleaned_up');
      sessions.delete(instance.instanceId);
      recorders.delete(instance.instanceId);
      const settled = recorder?.settled() ?? Promise.resolve();
      return { pieces, tenure: session.tenure, settled, offBoard: settled.then(() => takeDown(session.tenure)) };
    },
    settled: async instanceId => recorders.get(instanceId)?.settled(),
    async stop() {
      stopLastSeen();
      const running = [...sessions.values()].filter(session => {
        const { status } = session.view().connection;
        return status !== 'DISCONNECTED' && status !== 'LOGGED_OUT';
      });
      await Promise.all(running.map(session => session.dispatch({ type: 'disconnect', reason: 'gateway_stopped' })));
      await Promise.all([...recorders.values()].map(recorder => recorder.settled()));
      sessions.clear();
      recorders.clear();
    },
  };
}
