import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { quotedMessage, quotedMessageField } from '../../descriptions/quotedMessage';
import { recipient, recipientField } from '../../descriptions/recipient';
import { gatewayJson, instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const sendText: Operation = {
  option: {
    name: 'Send Text',
    value: 'sendText',
    action: 'Send a text message',
    description: 'Send a text and wait until WhatsApp has acknowledged it',
  },
  fields: [
    instanceField,
    recipientField,
    {
      displayName: 'Text',
      name: 'text',
      type: 'string',
      typeOptions: { rows: 3 },
      default: '',
      required: true,
      placeholder: 'e.g. Your order is on its way',
      description: 'The message; WhatsApp shows *bold*, _italic_, ~strike~ and ```code```',
    },
    {
      displayName: 'Options',
      name: 'options',
      type: 'collection',
      placeholder: 'Add option',
      default: {},
      options: [
        {
          displayName: 'Mentions',
          name: 'mentions',
          type: 'string',
          default: '',
          placeholder: 'e.g. +15550002222, +15550003333',
          description: 'Comma-separated phone numbers or WhatsApp addresses to mention. The text must hold @ and the number for each.',
        },
        quotedMessageField,
      ],
    },
  ],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const options = this.getNodeParameter('options', itemIndex, {});
  const mentions = listOf(options.mentions);
  const body: IDataObject = {
    to: recipient.call(this, itemIndex),
    text: String(this.getNodeParameter('text', itemIndex)),
    ...quotedMessage(options),
    ...(mentions.length > 0 ? { mentions } : {}),
  };
  const path = instancePath(chosenInstance.call(this, itemIndex), 'messages', 'text');
  return [{ json: await gatewayJson.call(this, { method: 'POST', path, body, itemIndex }) }];
}

/** Entries of a comma-separated text, or of a list that an expression gave. */
function listOf(value: unknown): string[] {
  const entries: unknown[] = Array.isArray(value) ? value : String(value ?? '').split(',');
  return entries.map(entry => String(entry).trim()).filter(entry => entry !== '');
}
