import type { IDataObject, INodeProperties } from 'n8n-workflow';

/** An entry of Options: the message that is answered. */
export const quotedMessageField: INodeProperties = {
  displayName: 'Quoted Message ID',
  name: 'quotedMessageId',
  type: 'string',
  default: '',
  placeholder: 'e.g. 3EB0C767D26B8C2F5A11',
  description: 'The message to answer to, e.g. the field messageId of Chasqui Trigger',
};

/** The gateway's field for it; nothing if it was left empty. */
export function quotedMessage(options: IDataObject): { quotedMessageId?: string } {
  const id = String(options.quotedMessageId ?? '').trim();
  return id === '' ? {} : { quotedMessageId: id };
}
