import type { Instance } from '../../domain/instances/instance.js';
import type { Clock } from '../../ports/clock.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { ConnectResult } from '../gateway.js';
import type { SessionUseCaseDeps } from './deps.js';
import type { Session, SessionView } from './session.js';

/** The answer to connect comes within 5 s; this leaves room for everything around the wait. */
const ANSWER_WITHIN_MS = 4_500;
/** A CONNECTED session that does not answer a ping by then is taken for dead. */
const PROBE_TIMEOUT_MS = 2_000;
/** An attempt that was begun this recently does not hang. */
const YOUNG_MS = 2_000;

/**
 * Connects an instance, always from a clean start. One that is CONNECTED and answers is left as it is, and so is what somebody else has just begun, unless
 * `fresh` asks for a new connection.
 */
export function createConnectInstance({ find, instances, sessions, client, turns, clock }: SessionUseCaseDeps) {
  /** When a session was started here last. */
  const begun = new WeakMap<Session, number>();

  /** Whether it is on its way by the word of another caller, who asked at the same time. */
  function isOnItsWay(session: Session, asked: number): boolean {
    const at = begun.get(session) ?? -Infinity;
    const { status, reason } = session.view().connection;
    const isYoung = clock.elapsed() - at < YOUNG_MS;
    return (status === 'CONNECTING' && reason === 'connecting' && isYoung) || (status === 'QR_READY' && at >= asked);
  }

  return async (instanceId: string, { fresh = false } = {}): Promise<ConnectResult> => {
    const started = clock.elapsed();
    const left = (): number => Math.max(0, ANSWER_WITHIN_MS - (clock.elapsed() - started));
    const session = await turns.run([instanceId], async () => {
      const instance = await find(instanceId);
      const found = sessions.of(instance);
      if (!instance.active) await instances.update(instanceId, { active: true }, clock.now());
      if (fresh || !(isOnItsWay(found, started) || await found.socket?.probe(PROBE_TIMEOUT_MS))) {
        begun.set(found, clock.elapsed());
        await startClean(instance, found, client);
      }
      return found;
    });
    await session.waitFor(isAnswer, left());
    const result = toResult(session.view());
    // Whoever looks next, on whichever node, is to see the same.
    await within(left(), sessions.settled(instanceId), clock);
    return result;
  };
}

/** Resolves when the work has ended, or its time is over. */
async function within(ms: number, work: Promise<void>, clock: Pick<Clock, 'after'>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.after(ms, resolve);
    work.finally(cancel).then(resolve, reject);
  });
}

/** Tears down whatever hung before, keeps good credentials, opens anew. */
export async function startClean(instance: Pick<Instance, 'instanceId'>, session: Session, client: Pick<WhatsAppClient, 'hasSession'>): Promise<void> {
  const paired = await client.hasSession(instance.instanceId);
  await session.dispatch({ type: 'connect', paired });
}

function isAnswer({ connection, qr }: SessionView): boolean {
  return qr !== null || connection.status === 'CONNECTED' || connection.status === 'LOGGED_OUT' || connection.status === 'DISCONNECTED';
}

function toResult({ connection, qr }: SessionView): ConnectResult {
  return { status: connection.status, reason: connection.reason, hasQR: qr !== null, qr: qr && { text: qr.text, expiresAt: qr.expiresAt } };
}
