import type { Resource } from '../operation';
import { discard } from './discard.operation';
import { getMany } from './getMany.operation';
import { retry } from './retry.operation';

export const deadLetter: Resource = {
  option: { name: 'Dead Letter', value: 'deadLetter' },
  menu: {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['deadLetter'] } },
    options: [discard.option, getMany.option, retry.option],
    default: 'getAll',
  },
  operations: [discard, getMany, retry],
};
