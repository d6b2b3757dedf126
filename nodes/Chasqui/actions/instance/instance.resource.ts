import type { Resource } from '../operation';
import { connect } from './connect.operation';
import { create } from './create.operation';
import { getMany } from './getMany.operation';
import { getQrCode } from './getQrCode.operation';
import { getStatus } from './getStatus.operation';

export const instance: Resource = {
  option: { name: 'Instance', value: 'instance' },
  menu: {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['instance'] } },
    options: [connect.option, create.option, getMany.option, getQrCode.option, getStatus.option],
    default: 'getStatus',
  },
  operations: [connect, create, getMany, getQrCode, getStatus],
};
