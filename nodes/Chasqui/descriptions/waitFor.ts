import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

/** How long a send goes on before the item does: until WhatsApp has the message, the recipient's phone has it, or the gateway's disk. */
export type WaitFor = 'acknowledgement' | 'delivery' | 'nothing';

const DEFAULT_SECONDS = 60;

/** The fields of a send that say when the item goes on. */
export const waitForFields: INodeProperties[] = [
  {
    displayName: 'Wait For',
    name: 'waitFor',
    type: 'options',
    options: [
      { name: 'Delivery', value: 'delivery', description: "Until it is on the recipient's phone, or the time is over" },
      { name: 'Nothing (Queue It)', value: 'nothing', description: 'Put it on the disk of the gateway, which sends it in its turn, or at a time of your choice' },
      { name: "WhatsApp's Acknowledgement", value: 'acknowledgement', description: 'Until WhatsApp has taken the message' },
    ],
    default: 'acknowledgement',
    description: 'What has to happen before the item goes on',
  },
  {
    displayName: 'Wait Up To (Seconds)',
    name: 'waitSeconds',
    type: 'number',
    typeOptions: { minValue: 1 },
    default: DEFAULT_SECONDS,
    displayOptions: { show: { waitFor: ['delivery'] } },
    description: 'When that time is over, the item goes on with timedOut: the message was sent and may still be delivered',
  },
];

/** The choice for an item; workflows from before there was one wait for the acknowledgement. */
export function waitFor(this: IExecuteFunctions, itemIndex: number): WaitFor {
  return this.getNodeParameter('waitFor', itemIndex, 'acknowledgement') as WaitFor;
}

/** In milliseconds. */
export function waitLimit(this: IExecuteFunctions, itemIndex: number): number {
  const seconds = Number(this.getNodeParameter('waitSeconds', itemIndex, DEFAULT_SECONDS));
  return (Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_SECONDS) * 1000;
}
