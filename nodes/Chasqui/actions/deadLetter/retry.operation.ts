import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { chosenMessage, messageIdField } from '../../descriptions/messageId';
import { gatewayJson, instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const retry: Operation = {
  option: {
    name: 'Retry',
    value: 'retry',
    action: 'Retry a dead letter',
    description: 'Queue a message that failed once more; a recipient who has it already sees it once',
  },
  fields: [instanceField, messageIdField],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const path = instancePath(chosenInstance.call(this, itemIndex), 'dead-letters', chosenMessage.call(this, itemIndex), 'retry');
  return [{ json: await gatewayJson.call(this, { method: 'POST', path, itemIndex }) }];
}
