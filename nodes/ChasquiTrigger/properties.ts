import type { INodeProperties } from 'n8n-workflow';
import { instanceField } from '../Chasqui/descriptions/instance';

export const triggerProperties: INodeProperties[] = [
  instanceField,
  {
    displayName: 'Events',
    name: 'events',
    type: 'multiOptions',
    options: [
      {
        name: 'Instance Alert',
        value: 'instance.alert',
        description: 'The connection was lost again and again, or WhatsApp stopped answering on it',
      },
      {
        name: 'Instance Status Changed',
        value: 'instance.status',
        description: 'The account was connected, disconnected, logged out, or waits for a scan',
      },
      {
        name: 'Message Acknowledged',
        value: 'message.ack',
        description: 'A message sent through the gateway was sent, delivered, read or played, or failed',
      },
      { name: 'Message Received', value: 'message.received', description: 'Somebody wrote to the account' },
    ],
    default: ['message.received'],
    required: true,
    description: 'What starts the workflow',
  },
  {
    displayName: 'Statuses',
    name: 'statuses',
    type: 'multiOptions',
    options: [
      { name: 'Delivered', value: 'delivered', description: 'It reached the phone of the recipient' },
      { name: 'Failed', value: 'failed', description: 'It will not be sent; the field error tells why' },
      { name: 'Played', value: 'played', description: 'The recipient listened to the voice note' },
      { name: 'Read', value: 'read', description: 'The recipient opened the chat' },
      { name: 'Sent', value: 'sent', description: 'WhatsApp acknowledged it' },
    ],
    default: ['sent', 'delivered', 'read', 'played', 'failed'],
    required: true,
    displayOptions: { show: { events: ['message.ack'] } },
    description: 'Which acknowledgements start the workflow',
  },
  {
    displayName: 'Download Media',
    name: 'downloadMedia',
    type: 'boolean',
    default: false,
    displayOptions: { show: { events: ['message.received'] } },
    description: 'Whether to put the received image, video, sound or document on the item as binary data',
  },
  {
    displayName: 'Put Output File in Field',
    name: 'binaryPropertyName',
    type: 'string',
    default: 'data',
    required: true,
    hint: 'The name of the output binary field to put the file in',
    displayOptions: { show: { events: ['message.received'], downloadMedia: [true] } },
    description: 'Name of the binary property that gets the file',
  },
  {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    options: [
      {
        displayName: 'Chats',
        name: 'chatTypes',
        type: 'multiOptions',
        options: [
          { name: 'Direct', value: 'direct', description: 'Chats with one person' },
          { name: 'Group', value: 'group', description: 'Chats of groups' },
        ],
        default: [],
        description: 'Start the workflow for messages of these chats only; by default for all',
      },
      {
        displayName: 'Check Registration',
        name: 'checkRegistration',
        type: 'options',
        options: [
          { name: 'Every 10 Seconds', value: 'tenSeconds' },
          { name: 'Every Minute', value: 'minute' },
          { name: 'Never', value: 'never' },
        ],
        default: 'minute',
        description: 'How often to look whether the gateway still has the webhook of this trigger, and to register it again if not',
      },
      {
        displayName: 'Only Chats With',
        name: 'chats',
        type: 'string',
        default: '',
        placeholder: 'e.g. +15550002222, +15550003333',
        description: 'Comma-separated phone numbers, or WhatsApp addresses of people or groups: start the workflow for messages of these chats only',
      },
    ],
  },
];
