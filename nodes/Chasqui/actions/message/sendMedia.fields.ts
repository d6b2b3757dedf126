import type { INodeProperties } from 'n8n-workflow';
import { idempotencyKeyField } from '../../descriptions/idempotencyKey';
import { instanceField } from '../../descriptions/instance';
import { quotedMessageField } from '../../descriptions/quotedMessage';
import { recipientField } from '../../descriptions/recipient';
import { expiresAtField, scheduledAtField } from '../../descriptions/sendTimes';
import { waitForFields } from '../../descriptions/waitFor';

export const sendMediaFields: INodeProperties[] = [
  instanceField,
  recipientField,
  {
    displayName: 'Media Type',
    name: 'mediaType',
    type: 'options',
    options: [
      { name: 'Audio', value: 'audio', description: 'Sound or a voice note' },
      { name: 'Document', value: 'document', description: 'Any file, unchanged' },
      { name: 'Image', value: 'image', description: 'A picture shown in the chat' },
      { name: 'Video', value: 'video', description: 'A film shown in the chat' },
    ],
    default: 'image',
    description: 'How WhatsApp shows the file',
  },
  {
    displayName: 'Source',
    name: 'source',
    type: 'options',
    options: [
      { name: 'Binary Data', value: 'binary', description: 'A file of the incoming item, uploaded to the gateway' },
      { name: 'URL', value: 'url', description: 'A file that the gateway fetches itself' },
    ],
    default: 'binary',
    description: 'Where the file comes from',
  },
  {
    displayName: 'Input Binary Field',
    name: 'binaryPropertyName',
    type: 'string',
    default: 'data',
    required: true,
    hint: 'The name of the input field containing the file to be sent',
    displayOptions: { show: { source: ['binary'] } },
    description: 'Name of the binary property of the incoming item',
  },
  {
    displayName: 'URL',
    name: 'mediaUrl',
    type: 'string',
    default: '',
    required: true,
    placeholder: 'e.g. https://example.com/picture.jpg',
    displayOptions: { show: { source: ['url'] } },
    description: 'Address of the file, as the gateway can reach it',
  },
  {
    displayName: 'Caption',
    name: 'caption',
    type: 'string',
    typeOptions: { rows: 2 },
    default: '',
    placeholder: 'e.g. The photo you asked for',
    displayOptions: { show: { mediaType: ['document', 'image', 'video'] } },
    description: 'Text below the file',
  },
  {
    displayName: 'Voice Note',
    name: 'voice',
    type: 'boolean',
    default: false,
    displayOptions: { show: { mediaType: ['audio'] } },
    description: 'Whether to show the sound as a voice note; WhatsApp wants Ogg with Opus for it',
  },
  ...waitForFields,
  {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    options: [
      expiresAtField,
      {
        displayName: 'File Name',
        name: 'fileName',
        type: 'string',
        default: '',
        placeholder: 'e.g. invoice.pdf',
        description: 'Name that the recipient sees; by default that of the file',
      },
      idempotencyKeyField,
      {
        displayName: 'MIME Type',
        name: 'mimetype',
        type: 'string',
        default: '',
        placeholder: 'e.g. application/pdf',
        description: 'Kind of the file; by default what n8n or the web server says',
      },
      quotedMessageField,
      scheduledAtField,
    ],
  },
];
