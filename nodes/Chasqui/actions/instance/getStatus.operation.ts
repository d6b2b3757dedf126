import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { gatewayJson, instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const getStatus: Operation = {
  option: {
    name: 'Get Status',
    value: 'getStatus',
    action: 'Get the status of an instance',
    description: 'Tell whether an instance is connected, why, and what to do if it is not',
  },
  fields: [instanceField],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const path = instancePath(chosenInstance.call(this, itemIndex), 'status');
  return [{ json: await gatewayJson.call(this, { method: 'GET', path, itemIndex }) }];
}
