import type { Resource } from '../operation';
import { cancel } from './cancel.operation';
import { getStatus } from './getStatus.operation';
import { sendLocation } from './sendLocation.operation';
import { sendMedia } from './sendMedia.operation';
import { sendText } from './sendText.operation';

export const message: Resource = {
  option: { name: 'Message', value: 'message' },
  menu: {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['message'] } },
    options: [cancel.option, getStatus.option, sendLocation.option, sendMedia.option, sendText.option],
    default: 'sendText',
  },
  operations: [cancel, getStatus, sendLocation, sendMedia, sendText],
};
