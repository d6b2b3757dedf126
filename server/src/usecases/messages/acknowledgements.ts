import type { Clock } from '../../ports/clock.js';
import type { ServerAck } from '../../ports/whatsapp-client.js';

/** How long a message may go without WhatsApp's acknowledgement: a synchronous send answers then, a resend is due then. */
export const ACK_TIMEOUT_MS = 30_000;

/** WhatsApp's word, with the time (epoch milliseconds) at which it was noted. */
export type NotedAck = ServerAck & { at: number };

/** Where synchronous senders wait for WhatsApp's word on their message, whichever socket brings it. */
export interface Acknowledgements {
  /** null when nothing came within `timeoutMs`. Wait before you send: an ack may be faster than the call. */
  wait(instanceId: string, messageId: string, timeoutMs: number): Promise<NotedAck | null>;
  settle(instanceId: string, ack: NotedAck): void;
  /** Nobody waits any longer: as if everybody's time was over. */
  giveUp(): void;
}

export function createAcknowledgements(clock: Clock): Acknowledgements {
  const waiting = new Map<string, (ack: NotedAck | null) => void>();
  const key = (instanceId: string, messageId: string) => `${instanceId}/${messageId}`;

  return {
    wait(instanceId, messageId, timeoutMs) {
      return new Promise(resolve => {
        const name = key(instanceId, messageId);
        const cancel = clock.after(timeoutMs, () => waiting.get(name)?.(null));
        waiting.set(name, ack => {
          waiting.delete(name);
          cancel();
          resolve(ack);
        });
      });
    },
    settle: (instanceId, ack) => waiting.get(key(instanceId, ack.messageId))?.(ack),
    giveUp() {
      for (const answer of [...waiting.values()]) answer(null);
    },
  };
}
