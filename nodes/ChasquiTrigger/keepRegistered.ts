import type { IDataObject, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import { randomInt } from 'n8n-workflow';
import { sentenceOf } from '../Chasqui/transport/problem';
import { createWebhook, deleteWebhook, webhooksTo } from './gatewayWebhooks';
import { productionRegistration } from './remembered';
import { wantedWebhook, type Wanted } from './wanted';

/** How often it is looked whether the webhook is still there: n8n's cron expressions, with the second in front. */
const SCHEDULES = {
  // Not all triggers in the same second.
  minute: () => `${randomInt(60)} * * * * *` as const,
  tenSeconds: () => '*/10 * * * * *' as const,
};

/**
 * Registers the trigger's webhook again where the gateway lost it, for as long as the workflow is published (docs/decisions/0007).
 *
 * It keeps its secret: outside of an execution n8n saves nothing, and the next delivery is checked by what is saved. n8n stops the
 * schedule by itself; closing waits for the look that is under way, which then leaves nothing behind.
 */
export async function keepRegistered(this: ITriggerFunctions): Promise<ITriggerResponse> {
  const every = (this.getNodeParameter('options', {}) as IDataObject).checkRegistration ?? 'minute';
  if (every === 'never') return {};

  const wanted = wantedWebhook(this);
  let closed = false;
  let troubled = false;
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    try {
      await restore(this, wanted, () => closed);
      troubled = false;
    } catch (error) {
      if (!troubled) this.logger.warn('The Chasqui gateway cannot be asked whether it still has the webhook of this trigger', { instanceId: wanted.instanceId, reason: sentenceOf(error) });
      troubled = true;
    }
    looking = undefined;
  };
  this.helpers.registerCron({ expression: every === 'tenSeconds' ? SCHEDULES.tenSeconds() : SCHEDULES.minute() }, () => { looking ??= look(); });
  return {
    closeFunction: async () => {
      closed = true;
      await looking;
    },
  };
}

async function restore(context: ITriggerFunctions, wanted: Wanted, isClosed: () => boolean): Promise<void> {
  const [url, known] = productionRegistration(context) ?? [];
  // Without one, or with that of another instance, `create` has not come that far yet.
  if (url === undefined || known?.instanceId !== wanted.instanceId) return;
  if ((await webhooksTo(context, wanted.instanceId, url)).length > 0) return;
  const id = await createWebhook(context, url, known.secret, wanted);
  if (isClosed()) return await deleteWebhook(context, wanted.instanceId, id);
  context.logger.info('The Chasqui gateway had lost the webhook of this trigger; it is registered again', { instanceId: wanted.instanceId, webhookId: id });
}
