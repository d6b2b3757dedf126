import type { IDataObject, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { NodeApiError } from 'n8n-workflow';
import { isPassing } from '../Chasqui/transport/problem';
import type { GatewayEvent } from './event';
import { flatten, parseEvent } from './event';
import { downloadMedia } from './media';
import { secretsOf } from './remembered';
import { verifySignature } from './signature';

/** For how long an event waits for a file that cannot be had at the moment, in milliseconds: the gateway delivers it again. */
const MEDIA_PATIENCE_MS = 10 * 60 * 1000;

/**
 * What a delivery does: 401 if it is not genuine, 200 without an execution if nobody asked for it, else one item.
 * @param now epoch milliseconds
 */
export async function receive(this: IWebhookFunctions, now: number): Promise<IWebhookResponseData> {
  const { rawBody } = this.getRequestObject() as { rawBody?: Buffer };
  const headers = this.getHeaderData();
  const verdict = verifySignature(
    {
      id: text(headers['webhook-id']),
      timestamp: text(headers['webhook-timestamp']),
      signatures: text(headers['webhook-signature']),
      rawBody,
    },
    secretsOf(this.getWorkflowStaticData('node')),
    now,
  );
  if (!verdict.genuine) return answer.call(this, 401, verdict.reason);

  const event = rawBody === undefined ? undefined : parseEvent(rawBody);
  if (event === undefined) return answer.call(this, 400, 'The body is not an event');
  if (!isWanted.call(this, event)) return { webhookResponse: { message: 'Not asked for' } };

  const item: INodeExecutionData = { json: flatten(event) };
  if (event.data.media && event.type === 'message.received' && this.getNodeParameter('downloadMedia', false) === true) {
    try {
      const property = this.getNodeParameter('binaryPropertyName', 'data') as string;
      item.binary = { [property]: await downloadMedia.call(this, event) };
    } catch (error) {
      if (isPassing(error) && now - Date.parse(event.timestamp) < MEDIA_PATIENCE_MS) {
        return answer.call(this, 503, 'The file cannot be had from the gateway at the moment');
      }
      // The message matters more than its file: the workflow gets it, and is told why the file is missing.
      item.json.mediaError = describe(error);
    }
  }
  return { workflowData: [[item]] };
}

function isWanted(this: IWebhookFunctions, event: GatewayEvent): boolean {
  if (!(this.getNodeParameter('events', []) as string[]).includes(event.type)) return false;
  if (event.type !== 'message.ack') return true;
  return (this.getNodeParameter('statuses', []) as string[]).includes(String(event.data.status));
}

/** Answers by itself: n8n starts no execution. */
function answer(this: IWebhookFunctions, status: number, message: string): IWebhookResponseData {
  this.getResponseObject().status(status).json({ message });
  return { noWebhookResponse: true };
}

function describe(error: unknown): IDataObject {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = error instanceof NodeApiError ? error.errorResponse?.code : undefined;
  return { message: error.message, ...(typeof code === 'string' ? { code } : {}) };
}

function text(header: unknown): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
