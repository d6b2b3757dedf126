import type { IBinaryData, IDataObject, IWebhookFunctions } from 'n8n-workflow';
import { gatewayRequest, instancePath } from '../Chasqui/transport/request';
import type { GatewayEvent } from './event';

/** The decrypted file of a received message, streamed from the gateway into n8n's binary data. */
export async function downloadMedia(this: IWebhookFunctions, event: GatewayEvent): Promise<IBinaryData> {
  const messageId = String(event.data.messageId);
  const { body, headers } = await gatewayRequest.call(this, {
    method: 'GET', path: instancePath(event.instanceId, 'messages', messageId, 'media'), encoding: 'stream',
  });
  const media = event.data.media as IDataObject;
  const mimetype = textOf(headers['content-type']) ?? textOf(media.mimetype);
  const fileName = textOf(media.fileName) ?? fileNameOf(textOf(headers['content-disposition'])) ?? messageId;
  return await this.helpers.prepareBinaryData(body as unknown as Parameters<typeof this.helpers.prepareBinaryData>[0], baseName(fileName), mimetype);
}

/** The file name of a Content-Disposition (RFC 6266): the encoded form, where it is given, before the plain one. */
export function fileNameOf(disposition: string | undefined): string | undefined {
  const encoded = disposition?.match(/filename\*=UTF-8''([^;]+)/i)?.[1];
  if (encoded !== undefined) return decoded(encoded.trim());
  const plain = disposition?.match(/filename="((?:[^"\\]|\\.)*)"/i)?.[1] ?? disposition?.match(/filename=([^;"]+)/i)?.[1];
  return plain?.replace(/\\(.)/g, '$1').trim();
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** A sender chooses the file name: only its last part is used. */
function baseName(fileName: string): string {
  return fileName.split(/[\\/]/).pop() || 'file';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
