import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { gatewayJson, instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const connect: Operation = {
  option: {
    name: 'Connect',
    value: 'connect',
    action: 'Connect an instance',
    description: 'Connect to WhatsApp; an account that is not paired yet answers with a QR code to scan',
  },
  fields: [instanceField],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const instanceId = chosenInstance.call(this, itemIndex);
  const answer = await gatewayJson.call(this, { method: 'POST', path: instancePath(instanceId, 'connect'), itemIndex });
  return [{ json: { instanceId, ...answer } }];
}
