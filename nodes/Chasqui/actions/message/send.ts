import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance } from '../../descriptions/instance';
import { idempotencyKey } from '../../descriptions/idempotencyKey';
import { waitFor, waitLimit } from '../../descriptions/waitFor';
import { gatewayJson, instancePath } from '../../transport/request';
import { awaitDelivery } from './awaitDelivery';

/** What is sent, as JSON or as a form with its headers; the times of a queued message (`sendTimes`) are in it. */
export interface Outgoing {
  /** The last part of the gateway's path. */
  kind: string;
  body: IDataObject | Buffer;
  headers?: Record<string, string>;
}

/** Sends one message in the way that the field Wait For says, and answers how far it has come. */
export async function send(this: IExecuteFunctions, { kind, body, headers }: Outgoing, itemIndex: number): Promise<INodeExecutionData[]> {
  const instanceId = chosenInstance.call(this, itemIndex);
  const until = waitFor.call(this, itemIndex);
  const sent = await gatewayJson.call(this, {
    method: 'POST', path: instancePath(instanceId, 'messages', kind), body, itemIndex,
    headers: { ...headers, ...idempotencyKey.call(this, itemIndex), ...(until === 'nothing' ? { 'X-Async': 'true' } : {}) },
  });
  return [{ json: until === 'delivery' ? await awaitDelivery.call(this, instanceId, sent, waitLimit.call(this, itemIndex), itemIndex) : sent }];
}
