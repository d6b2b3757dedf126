import { createHmac } from 'node:crypto';

export interface Delivery {
  id?: string;
  /** Epoch milliseconds. */
  at?: number;
  /** One signature for each. */
  secrets: string[];
  /** What is signed, if it is not what is sent. */
  signedBody?: string;
}

/** The headers of Standard Webhooks, made here by the specification and not by the code that is tested. */
export function signedHeaders(body: string, { id = 'evt_1', at = Date.now(), secrets, signedBody = body }: Delivery): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map(secret => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${signedBody}`).digest('base64')}`;
  });
  return { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Posts a body, signed, and answers with the status. */
export async function deliver(url: string, body: string, delivery: Delivery): Promise<number> {
  const response = await fetch(url, { method: 'POST', body, headers: signedHeaders(body, delivery) });
  await response.arrayBuffer();
  return response.status;
}
