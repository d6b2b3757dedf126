import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

/** How much of a list comes out. */
export const limitFields: INodeProperties[] = [
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
];

/** The most results that are wanted; Infinity for all. */
export function chosenLimit(this: IExecuteFunctions, itemIndex: number): number {
  return this.getNodeParameter('returnAll', itemIndex) === true ? Infinity : Number(this.getNodeParameter('limit', itemIndex));
}
