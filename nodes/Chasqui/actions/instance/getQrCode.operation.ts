import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { chosenInstance, instanceField } from '../../descriptions/instance';
import { gatewayRequest, instancePath } from '../../transport/request';
import type { Operation } from '../operation';

export const getQrCode: Operation = {
  option: {
    name: 'Get QR Code',
    value: 'getQrCode',
    action: 'Get the QR code of an instance as a picture',
    description: 'Get the picture to scan with WhatsApp under Linked devices; connect the instance first',
  },
  fields: [
    instanceField,
    {
      displayName: 'Put Output File in Field',
      name: 'binaryPropertyName',
      type: 'string',
      default: 'data',
      required: true,
      hint: 'The name of the output binary field to put the file in',
      description: 'Name of the binary property that gets the PNG picture',
    },
  ],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const instanceId = chosenInstance.call(this, itemIndex);
  const { body } = await gatewayRequest.call(this, {
    method: 'GET', path: instancePath(instanceId, 'qr'), headers: { accept: 'image/png' }, encoding: 'arraybuffer', itemIndex,
  });
  const property = this.getNodeParameter('binaryPropertyName', itemIndex) as string;
  const picture = await this.helpers.prepareBinaryData(body as unknown as Buffer, `${instanceId}-qr.png`, 'image/png');
  return [{ json: { instanceId, fileName: picture.fileName, mimeType: picture.mimeType }, binary: { [property]: picture } }];
}
