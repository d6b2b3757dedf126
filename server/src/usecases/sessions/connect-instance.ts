import type { Instance } from '../../domain/instances/instance.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { ConnectResult } from '../gateway.js';
import type { SessionUseCaseDeps } from './deps.js';
import type { Session, SessionView } from './session.js';

/** The answer to connect comes within 5 s; this leaves room for everything around the wait. */
const ANSWER_WITHIN_MS = 4_500;
/** A CONNECTED session that does not answer a ping by then is taken for dead. */
const PROBE_TIMEOUT_MS = 2_000;

/**
 * Connects an instance, always from a clean start. One that is CONNECTED and answers is left as it is, unless `fresh` asks for a
 * new connection.
 */
export function createConnectInstance({ find, instances, sessions, client, turns, clock }: SessionUseCaseDeps) {
  return async (instanceId: string, { fresh = false } = {}): Promise<ConnectResult> => {
    const started = clock.now();
    const session = await turns.run([instanceId], async () => {
      const instance = await find(instanceId);
      const found = sessions.of(instance);
      if (!instance.active) await instances.update(instanceId, { active: true }, clock.now());
      if (fresh || !await found.socket?.probe(PROBE_TIMEOUT_MS)) await startClean(instance, found, client);
      return found;
    });
    await session.waitFor(isAnswer, Math.max(0, ANSWER_WITHIN_MS - (clock.now() - started)));
    return toResult(session.view());
  };
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
