import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { idempotencyKeyField } from '../../descriptions/idempotencyKey';
import { instanceField } from '../../descriptions/instance';
import { quotedMessage, quotedMessageField } from '../../descriptions/quotedMessage';
import { recipient, recipientField } from '../../descriptions/recipient';
import { expiresAtField, scheduledAtField, sendTimes } from '../../descriptions/sendTimes';
import { waitForFields } from '../../descriptions/waitFor';
import type { Operation } from '../operation';
import { send } from './send';

export const sendLocation: Operation = {
  option: {
    name: 'Send Location',
    value: 'sendLocation',
    action: 'Send a location',
    description: 'Send a point on the map, optionally with the name and address of the place',
  },
  fields: [
    instanceField,
    recipientField,
    {
      displayName: 'Latitude',
      name: 'latitude',
      type: 'number',
      typeOptions: { minValue: -90, maxValue: 90, numberPrecision: 6 },
      default: 0,
      required: true,
      placeholder: 'e.g. -13.163141',
      description: 'Degrees north of the equator; south is negative',
    },
    {
      displayName: 'Longitude',
      name: 'longitude',
      type: 'number',
      typeOptions: { minValue: -180, maxValue: 180, numberPrecision: 6 },
      default: 0,
      required: true,
      placeholder: 'e.g. -72.544963',
      description: 'Degrees east of Greenwich; west is negative',
    },
    ...waitForFields,
    {
      displayName: 'Options',
      name: 'options',
      type: 'collection',
      placeholder: 'Add option',
      default: {},
      options: [
        { displayName: 'Address', name: 'address', type: 'string', default: '', placeholder: 'e.g. Aguas Calientes, Peru', description: 'Address of the place, shown below its name' },
        expiresAtField,
        idempotencyKeyField,
        { displayName: 'Name', name: 'name', type: 'string', default: '', placeholder: 'e.g. Machu Picchu', description: 'Name of the place' },
        quotedMessageField,
        scheduledAtField,
      ],
    },
  ],
  execute,
};

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const options = this.getNodeParameter('options', itemIndex, {});
  const body = {
    to: recipient.call(this, itemIndex),
    latitude: Number(this.getNodeParameter('latitude', itemIndex)),
    longitude: Number(this.getNodeParameter('longitude', itemIndex)),
    ...(options.name ? { name: String(options.name) } : {}),
    ...(options.address ? { address: String(options.address) } : {}),
    ...quotedMessage(options),
    ...sendTimes.call(this, itemIndex),
  };
  return await send.call(this, { kind: 'location', body }, itemIndex);
}
