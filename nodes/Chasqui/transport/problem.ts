import type { IDataObject, INode, JsonObject } from 'n8n-workflow';
import { NodeApiError } from 'n8n-workflow';

/** The gateway's refusal: RFC 9457 `application/problem+json` with a stable code and what to do. */
interface Problem extends IDataObject {
  title?: string;
  detail?: string;
  code?: string;
  field?: string;
  hint?: string;
}

/** What to do inside n8n, which the gateway cannot know; `instead` where its hint speaks of its own routes and start-up. */
interface Advice { text: string; instead?: true }

const ADVICE_BY_CODE: Record<string, Advice> = {
  unauthorized: { text: 'Open the Chasqui credential of this node and enter the API key that the gateway printed at its first start.', instead: true },
  instance_not_found: { text: 'Choose the instance again From List, or create it with the operation Instance: Create.', instead: true },
  instance_exists: { text: 'Use another instance ID, or use the existing instance as it is. If it was deleted, restore it at the gateway.', instead: true },
  instance_not_connected: { text: 'In n8n, the operations Connect, Get QR Code and Get Status of Instance do it.' },
  qr_not_available: { text: 'In n8n, the operation Instance: Connect asks for a code.' },
  recipient_invalid: { text: 'To answer a message of Chasqui Trigger, use its field replyTo.' },
  media_fetch_failed: { text: 'Or download the file in n8n and choose Binary Data as the source.' },
  idempotency_key_reused: { text: 'An earlier try of this run, or another one with the same Idempotency Key, asked for something else, e.g. because the text holds the time of day: look up the message that was sent then before you send again.', instead: true },
  not_a_dead_letter: { text: 'Dead Letter: Get Many lists what can be retried or discarded.' },
  whatsapp_ack_timeout: { text: 'Message: Get Status, and the event Message Acknowledged of Chasqui Trigger, tell what becomes of the message. Retry On Fail does not send it twice.' },
};

/** What to do when the gateway gave neither a code nor a hint, by HTTP status. */
const ADVICE_BY_STATUS: Record<number, string> = {
  401: 'Check the API key in the Chasqui credential of this node.',
  404: 'Check the Base URL in the Chasqui credential: it must be the address of a Chasqui gateway, with its path prefix if there is one.',
  502: 'A proxy answered in place of the gateway. Check that the gateway runs and that the Base URL in the Chasqui credential is right.',
  503: 'The gateway is starting, stopping or overloaded. Try again, e.g. with Retry on Fail in the settings of this node.',
  504: 'A proxy gave up waiting for the gateway. The message may have been sent all the same: look at its state before you send it again.',
};

/**
 * The error for an answer that is not a success: the message says what happened, the description how to fix it.
 * @param body the parsed body; anything that is not a problem document is told by its status
 */
export function problemError(node: INode, status: number, body: unknown, location: string | undefined, itemIndex: number | undefined): NodeApiError {
  const problem: Problem = isRecord(body) ? body : {};
  const message = problem.detail ?? problem.title ?? unexplained(status, location);
  const description = [problem.field === undefined ? undefined : `Field: ${problem.field}.`, ...whatToDo(problem, status)]
    .filter(part => part !== undefined)
    .join(' ');
  return nodeError(node, problem as JsonObject, { message, description, httpCode: String(status), itemIndex });
}

function whatToDo(problem: Problem, status: number): (string | undefined)[] {
  const advice = ADVICE_BY_CODE[problem.code ?? ''];
  if (advice?.instead) return [advice.text];
  if (problem.hint === undefined && advice === undefined) return [ADVICE_BY_STATUS[status]];
  return [problem.hint, advice?.text];
}

/** Codes of a connection that never came about: the gateway has seen nothing of the request. */
const NEVER_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** The error for a request that got no answer at all. */
export function unreachableError(node: INode, baseUrl: string, cause: unknown, itemIndex: number | undefined): NodeApiError {
  const reason = rootCause(cause) ?? 'no reason given';
  if (!NEVER_CONNECTED.includes(reason)) {
    return nodeError(node, { reason }, {
      message: `The connection to the Chasqui gateway at ${baseUrl} was lost before it answered (${reason})`,
      description: 'What was asked for may have been done all the same: look at the state of the message before you send it again.',
      itemIndex,
    });
  }
  return nodeError(node, { reason }, {
    message: `The Chasqui gateway did not answer at ${baseUrl} (${reason})`,
    description:
      'Check that the gateway runs and that the Base URL in the Chasqui credential is right. If n8n runs in Docker, 127.0.0.1 is the n8n container itself: use the name of the gateway service or host.docker.internal.',
    itemIndex,
  });
}

/** The error for an answer that reports success and is not what a gateway answers. */
export function strangerError(node: INode, baseUrl: string, itemIndex: number | undefined): NodeApiError {
  return nodeError(node, {}, {
    message: `What answers at ${baseUrl} is not a Chasqui gateway`,
    description: 'Check the Base URL in the Chasqui credential: it must be the address of a Chasqui gateway, with its path prefix if there is one.',
    itemIndex,
  });
}

/** Whether another try may succeed: a refusal of the gateway (4xx) is final; a gateway that is away, restarts or cannot reach WhatsApp is not. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof NodeApiError)) return true;
  return error.errorResponse?.code === 'instance_not_connected' || !/^4\d\d$/.test(error.httpCode ?? '');
}

/** What an error says, for n8n's log. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Telling { message: string; description: string; httpCode?: string; itemIndex: number | undefined }

function nodeError(node: INode, response: JsonObject, telling: Telling): NodeApiError {
  const error = new NodeApiError(node, response, telling);
  // NodeApiError replaces a message that contains a word like ENOTFOUND by a general sentence; the gateway's own is better.
  error.message = telling.message;
  return error;
}

function unexplained(status: number, location: string | undefined): string {
  if (location !== undefined) return `The Base URL redirects to ${location}; enter that address in the Chasqui credential`;
  return `The gateway answered with HTTP status ${status} and no explanation`;
}

/** The code of the innermost error, e.g. ECONNREFUSED, else its words. */
function rootCause(error: unknown): string | undefined {
  let found: string | undefined;
  let current = error;
  for (let depth = 0; depth < 8 && isRecord(current); depth++) {
    if (typeof current.code === 'string') found = current.code;
    else if (found === undefined && typeof current.message === 'string') found = current.message;
    current = current.cause;
  }
  return found;
}

function isRecord(value: unknown): value is IDataObject {
  return typeof value === 'object' && value !== null;
}
