import type { IDataObject, IHookFunctions } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import { chosenTriggerInstance } from '../Chasqui/descriptions/instance';
import { gatewayJson, gatewayList, gatewayRequest, instancePath } from '../Chasqui/transport/request';
import { makeSecret } from './signature';

/** A webhook that this node made at the gateway. */
interface Registration extends IDataObject {
  instanceId: string;
  webhookId: string;
  secret: string;
}

/** Codes that say that there is nothing left to remove. */
const GONE = ['webhook_not_found', 'instance_not_found', 'instance_deleted'];

/** Whether the gateway holds this node's webhook as it is wanted now, signed with a secret that is known here. */
export async function checkExists(this: IHookFunctions): Promise<boolean> {
  const known = registrationsOf(this)[webhookUrl(this)];
  if (known === undefined || known.instanceId !== chosenTriggerInstance.call(this)) return false;
  const webhook = await unlessGone(gatewayJson.call(this, { method: 'GET', path: webhookPath(known) }));
  return webhook?.url === webhookUrl(this) && sameEvents(webhook.events, chosenEvents(this));
}

/** Registers this node's URL with a secret of its own, in place of whatever was registered for that URL before. */
export async function create(this: IHookFunctions): Promise<boolean> {
  const url = webhookUrl(this);
  const instanceId = chosenTriggerInstance.call(this);
  const events = chosenEvents(this);
  await removeEarlier.call(this, instanceId, url);
  const secret = makeSecret();
  const webhook = await gatewayJson.call(this, { method: 'POST', path: instancePath(instanceId, 'webhooks'), body: { url, events, secret } });
  remember(this, url, { instanceId, webhookId: String(webhook.id), secret });
  return true;
}

/** Removes this node's webhook. A failure is logged and the webhook kept in mind, so that the next `create` replaces it. */
export async function remove(this: IHookFunctions): Promise<boolean> {
  const url = webhookUrl(this);
  const known = registrationsOf(this)[url];
  if (known === undefined) return true;
  try {
    await deleteWebhook.call(this, known);
  } catch (error) {
    this.logger.warn('The webhook could not be removed from the Chasqui gateway', {
      instanceId: known.instanceId, webhookId: known.webhookId, reason: error instanceof Error ? error.message : String(error),
    });
    return false;
  }
  forget(this, url);
  return true;
}

/** The secrets that a genuine request may be signed with. */
export function secretsOf(staticData: IDataObject): string[] {
  return Object.values(readRegistrations(staticData)).map(registration => registration.secret);
}

async function removeEarlier(this: IHookFunctions, instanceId: string, url: string): Promise<void> {
  const known = registrationsOf(this)[url];
  if (known !== undefined) {
    await deleteWebhook.call(this, known);
    forget(this, url);
  }
  for (const webhook of await gatewayList.call(this, { method: 'GET', path: instancePath(instanceId, 'webhooks') }, 'webhooks')) {
    if (webhook.url === url) await deleteWebhook.call(this, { instanceId, webhookId: String(webhook.id) });
  }
}

async function deleteWebhook(this: IHookFunctions, webhook: Pick<Registration, 'instanceId' | 'webhookId'>): Promise<void> {
  await unlessGone(gatewayRequest.call(this, { method: 'DELETE', path: webhookPath(webhook) }));
}

function webhookPath(webhook: Pick<Registration, 'instanceId' | 'webhookId'>): string {
  return instancePath(webhook.instanceId, 'webhooks', webhook.webhookId);
}

/** The answer, or undefined if the gateway says that what it is about no longer exists. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  return await answer.catch((error: unknown) => {
    if (error instanceof NodeApiError && GONE.includes(String(error.errorResponse?.code))) return undefined;
    throw error;
  });
}

function webhookUrl(context: IHookFunctions): string {
  const url = context.getNodeWebhookUrl('default');
  if (url === undefined) throw new NodeOperationError(context.getNode(), 'n8n gave this trigger no webhook URL');
  return url;
}

function chosenEvents(context: IHookFunctions): string[] {
  const events = context.getNodeParameter('events', []) as string[];
  if (events.length > 0) return events;
  throw new NodeOperationError(context.getNode(), 'No event is chosen', { description: 'Choose at least one entry in the field Events' });
}

function sameEvents(registered: unknown, wanted: string[]): boolean {
  return Array.isArray(registered) && [...registered].sort().join() === [...wanted].sort().join();
}

// Static data is kept by URL: the test URL and the production URL are two webhooks with two secrets. It is written as a
// whole, because n8n notices changes at its first level.

function registrationsOf(context: IHookFunctions): Partial<Record<string, Registration>> {
  return readRegistrations(context.getWorkflowStaticData('node'));
}

function readRegistrations(staticData: IDataObject): Record<string, Registration> {
  return (staticData.registrations ?? {}) as Record<string, Registration>;
}

function remember(context: IHookFunctions, url: string, registration: Registration): void {
  const staticData = context.getWorkflowStaticData('node');
  staticData.registrations = { ...readRegistrations(staticData), [url]: registration };
}

function forget(context: IHookFunctions, url: string): void {
  const staticData = context.getWorkflowStaticData('node');
  staticData.registrations = Object.fromEntries(Object.entries(readRegistrations(staticData)).filter(([known]) => known !== url));
}
