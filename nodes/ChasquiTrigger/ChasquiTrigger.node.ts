import type {
  IExecuteFunctions, IHookFunctions, INodeExecutionData, INodeType, INodeTypeDescription, ITriggerFunctions, ITriggerResponse, IWebhookFunctions, IWebhookResponseData,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';
import { listSearch } from '../Chasqui/methods';
import { keepRegistered } from './keepRegistered';
import { triggerProperties } from './properties';
import { receive } from './receive';
import { checkExists, create, remove } from './registration';

/** Starts a workflow when something happens on a WhatsApp account of a Chasqui gateway. */
export class ChasquiTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Chasqui Trigger',
    name: 'chasquiTrigger',
    icon: { light: 'file:../../icons/chasqui.svg', dark: 'file:../../icons/chasqui.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle:
      '={{ $parameter["events"].map((event) => ({ "message.received": "Message Received", "message.ack": "Message Acknowledged", "instance.status": "Instance Status Changed", "instance.alert": "Instance Alert" })[event]).join(", ") }}',
    eventTriggerDescription: 'Waiting for WhatsApp: let somebody write to the account',
    description: 'Start a workflow when a WhatsApp message arrives or is acknowledged, or when an account changes its status',
    defaults: { name: 'Chasqui Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'chasquiApi', required: true }],
    webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' }],
    properties: triggerProperties,
  };

  methods = { listSearch };

  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        return await checkExists.call(this);
      },
      async create(this: IHookFunctions): Promise<boolean> {
        return await create.call(this);
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        return await remove.call(this);
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await receive.call(this, Date.now());
  }

  async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
    return await keepRegistered.call(this);
  }

  /** Hands on what `webhook` made of the event. Without this, a test run would start `trigger` and wait for an event of it. */
  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return [this.getInputData()];
  }
}
