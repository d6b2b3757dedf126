import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { chosenMessage, messageIdField } from '../../descriptions/messageId';
import { gatewayJson, instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const cancel: Operation = {
  option: {
    name: 'Cancel',
    value: 'cancel',
    action: 'Cancel a queued message',
    description: 'Take a message that has not gone out yet out of the queue',
  },
  fields: [instanceField, messageIdField],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const path = instancePath(chosenInstance.call(this, itemIndex), 'messages', chosenMessage.call(this, itemIndex), 'cancel');
  return [{ json: await gatewayJson.call(this, { method: 'POST', path, itemIndex }) }];
}
