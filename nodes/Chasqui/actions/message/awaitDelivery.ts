import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { sleep } from 'n8n-workflow';
import { problemError, sentenceOf } from '../../transport/problem';
import { gatewayJson, instancePath } from '../../transport/request';

/** One request asks that long: below what proxies commonly allow. */
const POLL_SECONDS = 50;
/** Before asking again where the gateway did not answer, in milliseconds. */
const PAUSE_MS = 1000;

const ARRIVED = ['delivered', 'read', 'played'];
const TIMES = ['sentAt', 'deliveredAt', 'readAt', 'playedAt'];

/**
 * Waits until a message that WhatsApp has taken is on the recipient's phone.
 *
 * The message is out, so nothing here may look like a send that failed: when the time is over, or the gateway cannot be asked,
 * the answer is how far the message is known to have come, and `timedOut`. An error would invite to send it again.
 * @param sent the gateway's answer to the send
 * @param limitMs how long to wait at most
 * @throws NodeApiError if the message failed after all
 */
export async function awaitDelivery(this: IExecuteFunctions, instanceId: string, sent: IDataObject, limitMs: number, itemIndex: number): Promise<IDataObject> {
  const deadline = Date.now() + limitMs;
  const path = instancePath(instanceId, 'messages', String(sent.messageId));
  let known: IDataObject = {};
  for (let left = limitMs; left > 0; left = deadline - Date.now()) {
    const seconds = Math.min(POLL_SECONDS, Math.ceil(left / 1000));
    const answer = await ask.call(this, `${path}?waitFor=delivered&timeoutSeconds=${seconds}`);
    if (answer === undefined) await sleep(Math.min(PAUSE_MS, left));
    else known = answer;
    if (known.status === 'failed' || known.status === 'cancelled') throw failed.call(this, known, itemIndex);
    if (ARRIVED.includes(String(known.status))) break;
  }
  const times = Object.fromEntries(TIMES.flatMap(name => (known[name] === undefined ? [] : [[name, known[name]]])));
  const status = known.status ?? sent.status;
  return { ...sent, status, ...times, timedOut: !ARRIVED.includes(String(status)) };
}

async function ask(this: IExecuteFunctions, path: string): Promise<IDataObject | undefined> {
  try {
    return await gatewayJson.call(this, { method: 'GET', path });
  } catch (error) {
    this.logger.warn('The Chasqui gateway did not tell whether the message was delivered', { path, reason: sentenceOf(error) });
    return undefined;
  }
}

function failed(this: IExecuteFunctions, message: IDataObject, itemIndex: number): Error {
  const { code, message: detail } = (message.error ?? {}) as { code?: string; message?: string };
  const problem = { code: code ?? 'message_failed', detail: detail ?? `The message is ${String(message.status)}`, hint: 'Dead Letter: Retry sends it again.' };
  return problemError(this.getNode(), 502, problem, undefined, itemIndex);
}
