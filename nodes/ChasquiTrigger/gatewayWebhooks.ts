import type { IDataObject, IHookFunctions, ITriggerFunctions } from 'n8n-workflow';
import { NodeApiError } from 'n8n-workflow';
import { gatewayJson, gatewayList, gatewayRequest, instancePath } from '../Chasqui/transport/request';
import type { Wanted } from './wanted';

type Context = IHookFunctions | ITriggerFunctions;

/** Codes that say that there is nothing left to remove. */
const GONE = ['webhook_not_found', 'instance_not_found', 'instance_deleted'];

/** The webhooks of an instance that post to this URL; none where the instance is gone. */
export async function webhooksTo(context: Context, instanceId: string, url: string): Promise<IDataObject[]> {
  const all = await unlessGone(gatewayList.call(context, { method: 'GET', path: instancePath(instanceId, 'webhooks') }, 'webhooks'));
  return (all ?? []).filter(webhook => webhook.url === url);
}

/** @returns the id of the new webhook */
export async function createWebhook(context: Context, url: string, secret: string, { instanceId, events, filter }: Wanted): Promise<string> {
  const body = { url, events, secret, ...(filter === undefined ? {} : { filter }) };
  const { id } = await gatewayJson.call(context, { method: 'POST', path: instancePath(instanceId, 'webhooks'), body });
  return String(id);
}

export async function deleteWebhook(context: Context, instanceId: string, id: string): Promise<void> {
  await unlessGone(gatewayRequest.call(context, { method: 'DELETE', path: instancePath(instanceId, 'webhooks', id) }));
}

export async function deleteWebhooksTo(context: Context, instanceId: string, url: string): Promise<void> {
  for (const { id } of await webhooksTo(context, instanceId, url)) await deleteWebhook(context, instanceId, String(id));
}

/** The answer, or undefined if the gateway says that what it is about no longer exists. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  return await answer.catch((error: unknown) => {
    if (error instanceof NodeApiError && GONE.includes(String(error.errorResponse?.code))) return undefined;
    throw error;
  });
}
