import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

/** Who gets the message. */
export const recipientField: INodeProperties = {
  displayName: 'To',
  name: 'to',
  type: 'string',
  default: '',
  required: true,
  placeholder: 'e.g. +1 555 000 2222',
  description:
    'Phone number with country code in any usual spelling, or a WhatsApp address (JID or LID). To answer a message of Chasqui Trigger, use its field replyTo.',
};

/** The recipient for an item, as text: a spreadsheet hands over a bare number as a number. */
export function recipient(this: IExecuteFunctions, itemIndex: number): string {
  return String(this.getNodeParameter('to', itemIndex)).trim();
}
