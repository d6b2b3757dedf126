import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { chosenMessage, messageIdField } from '../../descriptions/messageId';
import { gatewayRequest, instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const discard: Operation = {
  option: {
    name: 'Discard',
    value: 'discard',
    action: 'Discard a dead letter',
    description: 'Take a message that failed off the list; it stays failed',
  },
  fields: [instanceField, messageIdField],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const path = instancePath(chosenInstance.call(this, itemIndex), 'dead-letters', chosenMessage.call(this, itemIndex));
  await gatewayRequest.call(this, { method: 'DELETE', path, itemIndex });
  return [{ json: { deleted: true } }];
}
