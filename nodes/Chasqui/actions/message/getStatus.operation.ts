import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { chosenMessage, messageIdField } from '../../descriptions/messageId';
import { gatewayJson, instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const getStatus: Operation = {
  option: {
    name: 'Get Status',
    value: 'getStatus',
    action: 'Get the status of a message',
    description: 'Tell how far a message has come: queued, sent, delivered, read, played, or failed and why',
  },
  fields: [instanceField, messageIdField],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const path = instancePath(chosenInstance.call(this, itemIndex), 'messages', chosenMessage.call(this, itemIndex));
  return [{ json: await gatewayJson.call(this, { method: 'GET', path, itemIndex }) }];
}
