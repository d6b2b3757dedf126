import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { quotedMessage } from '../../descriptions/quotedMessage';
import { recipient } from '../../descriptions/recipient';
import { sendTimes } from '../../descriptions/sendTimes';
import { multipartBody } from '../../transport/multipart';
import type { Operation } from '../operation';
import { send } from './send';
import { sendMediaFields } from './sendMedia.fields';

export const sendMedia: Operation = {
  option: {
    name: 'Send Media',
    value: 'sendMedia',
    action: 'Send an image video audio or document',
    description: 'Send a file of the incoming item, or one from the web',
  },
  fields: sendMediaFields,
  execute,
};

/** What the user said about the file, as the gateway's fields. */
interface MediaFacts { to: string; quotedMessageId?: string; caption?: string; fileName?: string; mimetype?: string; voice?: boolean; scheduledAt?: string; expiresAt?: string }

async function execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const mediaType = this.getNodeParameter('mediaType', itemIndex) as string;
  const facts = readFacts.call(this, mediaType, itemIndex);
  const source = this.getNodeParameter('source', itemIndex) as string;
  const payload = source === 'url' ? fromUrl.call(this, facts, itemIndex) : await fromBinary.call(this, facts, itemIndex);
  return await send.call(this, { kind: mediaType, ...payload }, itemIndex);
}

function readFacts(this: IExecuteFunctions, mediaType: string, itemIndex: number): MediaFacts {
  const options = this.getNodeParameter('options', itemIndex, {});
  const caption = mediaType === 'audio' ? '' : String(this.getNodeParameter('caption', itemIndex, ''));
  const voice = mediaType === 'audio' && this.getNodeParameter('voice', itemIndex, false) === true;
  return {
    to: recipient.call(this, itemIndex),
    ...quotedMessage(options),
    ...(caption === '' ? {} : { caption }),
    ...(options.fileName ? { fileName: String(options.fileName) } : {}),
    ...(options.mimetype ? { mimetype: String(options.mimetype) } : {}),
    ...(voice ? { voice } : {}),
    ...sendTimes.call(this, itemIndex),
  };
}

function fromUrl(this: IExecuteFunctions, facts: MediaFacts, itemIndex: number): { body: IDataObject } {
  return { body: { ...facts, url: String(this.getNodeParameter('mediaUrl', itemIndex)).trim() } };
}

/** The file as it is, in one upload: no base64, which would make it a third larger and hold it as text. */
async function fromBinary(this: IExecuteFunctions, facts: MediaFacts, itemIndex: number): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const property = this.getNodeParameter('binaryPropertyName', itemIndex) as string;
  const binary = this.helpers.assertBinaryData(itemIndex, property);
  const bytes = await this.helpers.getBinaryDataBuffer(itemIndex, property);
  // n8n may keep a path in the name; the gateway takes a name alone.
  const fileName = facts.fileName ?? (binary.fileName?.split(/[\\/]/).pop() || undefined);
  const mimetype = facts.mimetype ?? binary.mimeType;
  const { voice, ...texts } = facts;
  const fields = { ...texts, mimetype, ...(fileName === undefined ? {} : { fileName }), ...(voice ? { voice: 'true' } : {}) };
  return multipartBody(fields, { bytes, fileName: fileName ?? 'file', mimetype });
}
