import type { IDataObject, IHookFunctions, ITriggerFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { chosenTriggerInstance } from '../Chasqui/descriptions/instance';
import { listOf } from '../Chasqui/descriptions/listOf';

/** What the fields of the trigger ask the gateway for. */
export interface Wanted {
  instanceId: string;
  events: string[];
  /** The gateway's own filter, so that nothing is delivered in vain; undefined: all. */
  filter: IDataObject | undefined;
}

/** @throws NodeOperationError where no instance or no event is chosen */
export function wantedWebhook(context: IHookFunctions | ITriggerFunctions): Wanted {
  const options = context.getNodeParameter('options', {}) as IDataObject;
  const chatTypes = (options.chatTypes ?? []) as string[];
  const chats = listOf(options.chats);
  const filter = { ...(chatTypes.length > 0 ? { chatTypes } : {}), ...(chats.length > 0 ? { chats } : {}) };
  return {
    instanceId: chosenTriggerInstance.call(context),
    events: chosenEvents(context),
    filter: Object.keys(filter).length > 0 ? filter : undefined,
  };
}

function chosenEvents(context: IHookFunctions | ITriggerFunctions): string[] {
  const events = context.getNodeParameter('events', []) as string[];
  if (events.length > 0) return events;
  throw new NodeOperationError(context.getNode(), 'No event is chosen', { description: 'Choose at least one entry in the field Events' });
}
