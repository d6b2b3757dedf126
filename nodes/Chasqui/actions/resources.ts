import type { INodeProperties } from 'n8n-workflow';
import { updateDisplayOptions } from 'n8n-workflow';
import { deadLetter } from './deadLetter/deadLetter.resource';
import { instance } from './instance/instance.resource';
import { message } from './message/message.resource';
import type { Operation, Resource } from './operation';

export const resources: Resource[] = [deadLetter, instance, message];

/** The operation behind the two menus; undefined if the parameters were written by hand and name none. */
export function findOperation(resource: string, operation: string): Operation | undefined {
  return resources.find(entry => entry.option.value === resource)?.operations.find(entry => entry.option.value === operation);
}

/** All properties of the node: the resources, and for each its operations and their fields. */
export function nodeProperties(): INodeProperties[] {
  const resourceMenu: INodeProperties = {
    displayName: 'Resource',
    name: 'resource',
    type: 'options',
    noDataExpression: true,
    options: resources.map(resource => resource.option),
    default: 'message',
  };
  return [resourceMenu, ...resources.flatMap(resourceProperties)];
}

function resourceProperties({ option, menu, operations }: Resource): INodeProperties[] {
  const fields = operations.flatMap(operation =>
    updateDisplayOptions({ show: { resource: [option.value], operation: [operation.option.value] } }, operation.fields),
  );
  return [menu, ...fields];
}
