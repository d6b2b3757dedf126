import type { Logger } from 'pino';
import { isDomainError } from '../../domain/errors.js';
import { isAtRest } from '../../domain/instances/connection.js';
import type { Instance } from '../../domain/instances/instance.js';
import type { Clock } from '../../ports/clock.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { IncomingMessage, WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { CleanUpStep, CleanUpStepName, GatewayUseCases } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import type { OutboxKeeper } from '../messages/keep-outbox.js';
import type { SessionManager } from './session-manager.js';

/** A step that takes longer goes on by itself, and the next one is tried. */
const STEP_LIMIT_MS = 5_000;

export interface ForceCleanUpParts {
  find: InstanceLookup;
  instances: Pick<InstanceRepository, 'update'>;
  sessions: Pick<SessionManager, 'abandon' | 'find'>;
  client: Pick<WhatsAppClient, 'release' | 'hasSession' | 'discardHalfMadeSession' | 'wipeSession'>;
  keeper: Pick<OutboxKeeper, 'holds' | 'release'>;
  /** Lets go of what else is kept in memory of an instance. */
  forget: (instanceId: string) => void;
  /** What was decrypted and not seen by anybody is stored before a session is deleted. */
  receive: (tenure: Tenure, message: IncomingMessage) => Promise<void>;
  turns: KeyedLock;
  clock: Clock;
  logger: Pick<Logger, 'warn'>;
}

type Result = Omit<CleanUpStep, 'step'>;
const released = (message?: string): Result => ({ outcome: 'released', ...(message === undefined ? {} : { message }) });
const nothing = (message?: string): Result => ({ outcome: 'nothing', ...(message === undefined ? {} : { message }) });
/** What a step came to that was taken twice: that it worked the second time does not mend what failed the first time. */
const graver = (first: CleanUpStep, second: CleanUpStep): CleanUpStep => first.outcome === 'failed' || second.outcome === 'nothing' ? first : second;

/**
 * Takes everything of an instance's connection apart, whatever it hangs in, and says of each step what it came to (requirement F2): each is tried
 * even if another fails. Afterwards the instance is DISCONNECTED (`cleaned_up`; one that was logged out stays that) and not active. Queued messages
 * stay queued, and good credentials stay unless `wipeCredentials` is true.
 */
export function createForceCleanUp(parts: ForceCleanUpParts): GatewayUseCases['forceCleanUp'] {
  const { find, instances, sessions, client, keeper, turns, clock, logger } = parts;

  /** null when it has not ended by the limit of a step. */
  function inTime<T>(work: Promise<T>): Promise<T | null> {
    let cancel = (): void => undefined;
    const late = new Promise<null>(resolve => { cancel = clock.after(STEP_LIMIT_MS, () => resolve(null)); });
    return Promise.race([work, late]).finally(() => cancel());
  }

  async function attempt(instanceId: string, step: CleanUpStepName, work: () => Promise<Result> | Result): Promise<CleanUpStep> {
    try {
      const result = await inTime((async () => work())());
      return { step, ...result ?? { outcome: 'failed', message: `It did not end within ${STEP_LIMIT_MS / 1_000} s; it goes on by itself.` } };
    } catch (err) {
      logger.warn({ err, instanceId, step }, 'a step of a forced clean-up failed');
      return { step, outcome: 'failed', message: isDomainError(err) ? err.message : 'It failed unexpectedly; the gateway\'s log tells more.' };
    }
  }

  async function takeApart(row: Instance): Promise<{ steps: CleanUpStep[]; tenure: Tenure }> {
    const { instanceId } = row;
    const hadConsumer = keeper.holds(instanceId);
    const { pieces, tenure, settled, offBoard } = sessions.abandon(row);
    const steps = [
      await attempt(instanceId, 'socket', async () => {
        await pieces.socket?.close();
        if (pieces.socket) return released();
        return pieces.wasOpening ? released('It was still being made; it is given up.') : nothing();
      }),
      await attempt(instanceId, 'timers', () => pieces.hadTimers ? released() : nothing()),
      await attempt(instanceId, 'qr', async () => {
        await settled;
        return pieces.hadQr ? released() : nothing();
      }),
      await attempt(instanceId, 'caches', () => {
        parts.forget(instanceId);
        return client.release(instanceId) ? released() : nothing();
      }),
      await attempt(instanceId, 'queue_consumer', async () => {
        if (!await keeper.release(instanceId)) return { outcome: 'failed', message: 'The queue does not answer; the consumer closes by itself when it does. Messages that wait stay queued.' };
        return hadConsumer ? released('Messages that wait stay queued.') : nothing();
      }),
    ];
    await inTime(offBoard);
    return { steps, tenure };
  }

  return async (instanceId, { wipeCredentials = false } = {}) => {
    const row = await find(instanceId);
    // Not in its turn: what hangs may hold that, and goes on once its session is taken apart.
    let { steps, tenure } = await takeApart(row);
    await turns.run([instanceId], async () => {
      const begun = sessions.find(instanceId);
      // Somebody has connected it meanwhile: nothing may be deleted below a connection that stands.
      if (begun && !isAtRest(begun.view().connection)) {
        const first = steps;
        ({ steps, tenure } = await takeApart(row));
        steps = steps.map((step, index) => graver(first[index] ?? step, step));
      }
      steps.push(
        await attempt(instanceId, 'half_made_credentials', async () => await client.discardHalfMadeSession(tenure) ? released() : nothing()),
        await attempt(instanceId, 'credentials', async () => {
          if (!await client.hasSession(instanceId)) return nothing();
          if (!wipeCredentials) return nothing('They are good, and kept: connecting again needs no new scan.');
          // Backed up in the same commit. The device is still linked, so that the backup can be restored.
          await client.wipeSession(tenure, message => parts.receive(tenure, message), { cause: 'force_cleanup', unlinked: false });
          return released('Connecting again needs a new scan, or its backup. The device stays listed on the phone.');
        }),
      );
      await instances.update(instanceId, { active: false }, clock.now());
    });
    return steps;
  };
}
