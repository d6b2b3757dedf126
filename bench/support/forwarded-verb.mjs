/** What both nodes of `forward` know. */
export const NODE = 'owner';
export const QUEUE = 'calls';

/** Answers a send that was passed on as its owner would, without doing anything. */
export async function answerCall({ args: [, { to }, { messageId }] }) {
  return { kind: 'sent', messageId, correlationId: '0192f0c1-2222-7000-8000-000000000000', to, timestamp: 1_790_000_000_000 };
}
