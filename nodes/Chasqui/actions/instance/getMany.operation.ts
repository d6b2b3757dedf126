import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenLimit, limitFields } from '../../descriptions/limit';
import { gatewayList } from '../../transport/request';
import type { Operation } from '../operation';

export const getMany: Operation = {
  option: {
    name: 'Get Many',
    value: 'getAll',
    action: 'Get many instances',
    description: 'List the instances of the gateway, one item each',
  },
  fields: limitFields,
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const all = await gatewayList.call(this, { method: 'GET', path: '/instances', itemIndex }, 'instances');
  return all.slice(0, chosenLimit.call(this, itemIndex)).map(json => ({ json }));
}
