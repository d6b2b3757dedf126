import type { IHookFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { isPassing, sentenceOf } from '../Chasqui/transport/problem';
import { createWebhook, deleteWebhooksTo, webhooksTo } from './gatewayWebhooks';
import { forget, registrationsOf, remember } from './remembered';
import { makeSecret } from './signature';
import { wantedWebhook } from './wanted';

/**
 * Whether the gateway holds this node's webhook as it is wanted now, signed with a secret that is known here.
 *
 * n8n asks at its own start, too, and takes the URL away where the answer is an error. So a gateway that is away at the moment
 * is taken to hold what it held before; `keepRegistered` looks again.
 */
export async function checkExists(this: IHookFunctions): Promise<boolean> {
  const url = webhookUrl(this);
  const wanted = wantedWebhook(this);
  const known = registrationsOf(this.getWorkflowStaticData('node'))[url];
  if (known?.instanceId !== wanted.instanceId || JSON.stringify(known.filter) !== JSON.stringify(wanted.filter)) return false;
  const held = await webhooksTo(this, wanted.instanceId, url).catch((error: unknown) => {
    if (!isPassing(error)) throw error;
    this.logger.warn('The Chasqui gateway cannot be asked for the webhook of this trigger; it is asked again', { instanceId: wanted.instanceId, reason: sentenceOf(error) });
    return undefined;
  });
  return held?.some(({ events }) => sameEvents(events, wanted.events)) ?? true;
}

/** Registers this node's URL with a secret of its own, in place of whatever was registered for this node or that URL before. */
export async function create(this: IHookFunctions): Promise<boolean> {
  const url = webhookUrl(this);
  const wanted = wantedWebhook(this);
  const isTest = this.getMode() === 'manual';
  // n8n may have got another address since: then the earlier URL is of no use any more.
  for (const [earlier, known] of Object.entries(registrationsOf(this.getWorkflowStaticData('node')))) {
    if (known === undefined || (earlier !== url && (known.isTest ?? false) !== isTest)) continue;
    await deleteWebhooksTo(this, known.instanceId, earlier);
    forget(this, earlier);
  }
  await deleteWebhooksTo(this, wanted.instanceId, url);
  const secret = makeSecret();
  await createWebhook(this, url, secret, wanted);
  remember(this, url, { instanceId: wanted.instanceId, secret, ...(wanted.filter === undefined ? {} : { filter: wanted.filter }), ...(isTest ? { isTest } : {}) });
  return true;
}

/** Removes this node's webhook. A failure is logged and the webhook kept in mind, so that the next `create` replaces it. */
export async function remove(this: IHookFunctions): Promise<boolean> {
  const url = webhookUrl(this);
  const known = registrationsOf(this.getWorkflowStaticData('node'))[url];
  if (known === undefined) return true;
  try {
    await deleteWebhooksTo(this, known.instanceId, url);
  } catch (error) {
    this.logger.warn('The webhook could not be removed from the Chasqui gateway', { instanceId: known.instanceId, url, reason: sentenceOf(error) });
    return false;
  }
  forget(this, url);
  return true;
}

function webhookUrl(context: IHookFunctions): string {
  const url = context.getNodeWebhookUrl('default');
  if (url === undefined) throw new NodeOperationError(context.getNode(), 'n8n gave this trigger no webhook URL');
  return url;
}

function sameEvents(registered: unknown, wanted: string[]): boolean {
  return Array.isArray(registered) && [...registered].sort().join() === [...wanted].sort().join();
}
