import type { Resource } from '../operation';
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
    options: [sendLocation.option, sendMedia.option, sendText.option],
    default: 'sendText',
  },
  operations: [sendLocation, sendMedia, sendText],
};
