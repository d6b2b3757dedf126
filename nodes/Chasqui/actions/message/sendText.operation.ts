import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { idempotencyKeyField } from '../../descriptions/idempotencyKey';
import { instanceField } from '../../descriptions/instance';
import { listOf } from '../../descriptions/listOf';
import { quotedMessage, quotedMessageField } from '../../descriptions/quotedMessage';
import { recipient, recipientField } from '../../descriptions/recipient';
import { expiresAtField, scheduledAtField, sendTimes } from '../../descriptions/sendTimes';
import { waitForFields } from '../../descriptions/waitFor';
import type { Operation } from '../operation';
import { send } from './send';

export const sendText: Operation = {
  option: {
    name: 'Send Text',
    value: 'sendText',
    action: 'Send a text message',
    description: 'Send a text, at once or by way of the queue',
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
    ...waitForFields,
    {
      displayName: 'Options',
      name: 'options',
      type: 'collection',
      placeholder: 'Add option',
      default: {},
      options: [
        expiresAtField,
        idempotencyKeyField,
        {
          displayName: 'Mentions',
          name: 'mentions',
          type: 'string',
          default: '',
          placeholder: 'e.g. +15550002222, +15550003333',
          description: 'Comma-separated phone numbers or WhatsApp addresses to mention. The text must hold @ and the number for each.',
        },
        quotedMessageField,
        scheduledAtField,
      ],
    },
  ],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const options = this.getNodeParameter('options', itemIndex, {});
  const mentions = listOf(options.mentions);
  const body = {
    to: recipient.call(this, itemIndex),
    text: String(this.getNodeParameter('text', itemIndex)),
    ...quotedMessage(options),
    ...(mentions.length > 0 ? { mentions } : {}),
    ...sendTimes.call(this, itemIndex),
  };
  return await send.call(this, { kind: 'text', body }, itemIndex);
}
