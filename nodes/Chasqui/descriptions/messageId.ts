import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

/** Which message an operation is about. */
export const messageIdField: INodeProperties = {
  displayName: 'Message ID',
  name: 'messageId',
  type: 'string',
  default: '',
  required: true,
  placeholder: 'e.g. 3EB0C767D26B8C2F5A11',
  description: 'The field messageId of what a send operation or Chasqui Trigger gave out',
};

/** The id for an item. */
export function chosenMessage(this: IExecuteFunctions, itemIndex: number): string {
  const id = String(this.getNodeParameter('messageId', itemIndex) ?? '').trim();
  if (id !== '') return id;
  throw new NodeOperationError(this.getNode(), 'No message is given', {
    itemIndex, description: 'Fill in Message ID, e.g. with the field messageId of an earlier send operation',
  });
}
