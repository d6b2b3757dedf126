import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { chosenLimit, limitFields } from '../../descriptions/limit';
import { gatewayPages } from '../../transport/pages';
import { instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const getMany: Operation = {
  option: {
    name: 'Get Many',
    value: 'getAll',
    action: 'Get many dead letters',
    description: 'List the messages that failed for good, newest first, one item each',
  },
  fields: [instanceField, ...limitFields],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const path = instancePath(chosenInstance.call(this, itemIndex), 'dead-letters');
  const letters = await gatewayPages.call(this, path, 'deadLetters', chosenLimit.call(this, itemIndex), itemIndex);
  return letters.map(json => ({ json }));
}
