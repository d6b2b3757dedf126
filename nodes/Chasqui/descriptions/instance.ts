import type { IExecuteFunctions, IHookFunctions, INodeProperties, ITriggerFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

/** The gateway's rule for the id of an instance: safe in a path. */
export const INSTANCE_ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$';

/** Chooses one instance (a WhatsApp account): from the gateway's list, or by id. */
export const instanceField: INodeProperties = {
  displayName: 'Instance',
  name: 'instanceId',
  type: 'resourceLocator',
  default: { mode: 'list', value: '' },
  required: true,
  description: 'The WhatsApp account to use, as the gateway knows it',
  modes: [
    {
      displayName: 'From List',
      name: 'list',
      type: 'list',
      placeholder: 'Select an instance...',
      typeOptions: { searchListMethod: 'searchInstances', searchable: true },
    },
    {
      displayName: 'By ID',
      name: 'id',
      type: 'string',
      placeholder: 'e.g. sales',
      validation: [
        {
          type: 'regex',
          properties: { regex: INSTANCE_ID_PATTERN, errorMessage: 'Letters, digits, hyphen and underscore only, at most 64 of them' },
        },
      ],
    },
  ],
};

/** The id that the field holds for an item. */
export function chosenInstance(this: IExecuteFunctions, itemIndex: number): string {
  return required(this, this.getNodeParameter('instanceId', itemIndex, '', { extractValue: true }), itemIndex);
}

/** The id that the field of a trigger holds. */
export function chosenTriggerInstance(this: IHookFunctions | ITriggerFunctions): string {
  return required(this, this.getNodeParameter('instanceId', '', { extractValue: true }));
}

function required(context: IExecuteFunctions | IHookFunctions | ITriggerFunctions, value: unknown, itemIndex?: number): string {
  const id = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  if (id !== '') return id;
  throw new NodeOperationError(context.getNode(), 'No instance is chosen', {
    itemIndex,
    description: 'Choose a WhatsApp account in the field Instance, or create one with the operation Instance: Create',
  });
}
