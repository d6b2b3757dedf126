import { stateRank, type StoredMessage } from '../../domain/messages/message.js';
import type { Clock } from '../../ports/clock.js';
import type { AwaitedStatus, GatewayUseCases } from '../gateway.js';
import type { MessageWatch } from './message-watch.js';

export interface AwaitMessageParts {
  getMessage: GatewayUseCases['getMessage'];
  watch: Pick<MessageWatch, 'on'>;
  clock: Clock;
}

/** A message as soon as it has come far enough or cannot come further, or when the time is over. */
export function createAwaitMessage({ getMessage, watch, clock }: AwaitMessageParts): GatewayUseCases['awaitMessage'] {
  return async (instanceId, messageId, status, timeoutMs) => {
    let timeIsOver = false;
    let wake = () => {};
    const stopWatching = watch.on(instanceId, messageId, () => wake());
    const stopTimer = clock.after(timeoutMs, () => {
      timeIsOver = true;
      wake();
    });
    try {
      for (;;) {
        const change = new Promise<void>(resolve => { wake = resolve; });
        const message = await getMessage(instanceId, messageId);
        if (timeIsOver || hasCome(message, status)) return message;
        await change;
      }
    } finally {
      stopWatching();
      stopTimer();
    }
  };
}

/** Whether there is nothing to wait for any more. */
export function hasCome({ direction, state }: StoredMessage, status: AwaitedStatus): boolean {
  // Failed and cancelled rank above everything: nothing comes after them.
  return direction === 'in' || state === null || stateRank(state) >= stateRank(status);
}
