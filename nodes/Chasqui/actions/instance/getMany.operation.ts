import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { gatewayList } from '../../transport/request';
import type { Operation } from '../operation';

export const getMany: Operation = {
  option: {
    name: 'Get Many',
    value: 'getAll',
    action: 'Get many instances',
    description: 'List the instances of the gateway, one item each',
  },
  fields: [
    {
      displayName: 'Return All',
      name: 'returnAll',
      type: 'boolean',
      default: false,
      description: 'Whether to return all results or only up to a given limit',
    },
    {
      displayName: 'Limit',
      name: 'limit',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 50,
      displayOptions: { show: { returnAll: [false] } },
      description: 'Max number of results to return',
    },
  ],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const all = await gatewayList.call(this, { method: 'GET', path: '/instances', itemIndex }, 'instances');
  const wanted = this.getNodeParameter('returnAll', itemIndex) ? all : all.slice(0, this.getNodeParameter('limit', itemIndex));
  return wanted.map(json => ({ json }));
}
