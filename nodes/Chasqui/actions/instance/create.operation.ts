import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { gatewayJson } from '../../transport/request';
import type { Operation } from '../operation';

export const create: Operation = {
  option: {
    name: 'Create',
    value: 'create',
    action: 'Create an instance',
    description: 'Make a new instance, to which one WhatsApp account can then be paired',
  },
  fields: [
    {
      displayName: 'Instance ID',
      name: 'newInstanceId',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. sales',
      description: 'Letters, digits, hyphen and underscore, at most 64 of them. It cannot be changed later.',
    },
    {
      displayName: 'Name',
      name: 'name',
      type: 'string',
      default: '',
      placeholder: 'e.g. Sales Team',
      description: 'What people call it; by default the instance ID',
    },
  ],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const name = String(this.getNodeParameter('name', itemIndex, '')).trim();
  const body: IDataObject = {
    instanceId: String(this.getNodeParameter('newInstanceId', itemIndex)).trim(),
    ...(name === '' ? {} : { name }),
  };
  return [{ json: await gatewayJson.call(this, { method: 'POST', path: '/instances', body, itemIndex }) }];
}
