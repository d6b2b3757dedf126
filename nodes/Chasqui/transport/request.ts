import type {
  IDataObject, IExecuteFunctions, IHookFunctions, IHttpRequestMethods, IHttpRequestOptions, ILoadOptionsFunctions, IN8nHttpFullResponse,
  ITriggerFunctions, IWebhookFunctions,
} from 'n8n-workflow';
import { problemError, strangerError, unreachableError } from './problem';

/** Every kind of n8n context that talks to the gateway. */
export type GatewayContext = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions | ITriggerFunctions | IWebhookFunctions;

export interface GatewayRequest {
  method: IHttpRequestMethods;
  /** Below the base URL, with its own parts encoded. */
  path: string;
  /** An object goes out as JSON; bytes need a content-type header. */
  body?: IDataObject | Buffer;
  headers?: Record<string, string>;
  /** How the answer is read; JSON if not given. */
  encoding?: 'arraybuffer' | 'stream';
  /** The item that a failure is told for. */
  itemIndex?: number;
}

/**
 * The one place that calls the gateway.
 * @returns the whole answer, its status between 200 and 299
 * @throws NodeApiError with what happened and how to fix it
 */
export async function gatewayRequest(this: GatewayContext, request: GatewayRequest): Promise<IN8nHttpFullResponse> {
  const baseUrl = await gatewayUrl.call(this);
  const options: IHttpRequestOptions = {
    method: request.method,
    url: `${baseUrl}${request.path}`,
    body: request.body,
    headers: { ...contentType(request), ...request.headers },
    returnFullResponse: true,
    ignoreHttpStatusErrors: true,
    // A redirect turns POST into GET, and following one keeps a copy of the whole upload.
    disableFollowRedirect: true,
    ...(request.encoding === undefined ? { json: true } : { encoding: request.encoding }),
  };
  let response: IN8nHttpFullResponse;
  try {
    response = (await this.helpers.httpRequestWithAuthentication.call(this, 'chasquiApi', options)) as IN8nHttpFullResponse;
  } catch (cause) {
    throw unreachableError(this.getNode(), baseUrl, cause, request.itemIndex);
  }
  if (response.statusCode >= 200 && response.statusCode < 300) return response;

  const location = response.statusCode < 400 ? response.headers.location : undefined;
  throw problemError(
    this.getNode(), response.statusCode, await readBody.call(this, response.body),
    typeof location === 'string' ? location : undefined, request.itemIndex,
  );
}

/** As `gatewayRequest`, for answers that are one JSON object. */
export async function gatewayJson(this: GatewayContext, request: GatewayRequest): Promise<IDataObject> {
  const { body } = await gatewayRequest.call(this, request);
  if (typeof body !== 'object' || Array.isArray(body)) throw strangerError(this.getNode(), await gatewayUrl.call(this), request.itemIndex);
  return body as IDataObject;
}

/** As `gatewayRequest`, for answers that hold a list under this name. */
export async function gatewayList(this: GatewayContext, request: GatewayRequest, name: string): Promise<IDataObject[]> {
  const { [name]: list } = await gatewayJson.call(this, request);
  if (!Array.isArray(list)) throw strangerError(this.getNode(), await gatewayUrl.call(this), request.itemIndex);
  return list as IDataObject[];
}

/** The path of an instance and of what is below it; every part is encoded. */
export function instancePath(instanceId: string, ...below: string[]): string {
  return ['/instances', ...[instanceId, ...below].map(encodeURIComponent)].join('/');
}

/** Said even where a POST has no body: n8n would call that one a form. */
function contentType({ method, body }: GatewayRequest): Record<string, string> {
  return method === 'POST' && !Buffer.isBuffer(body) ? { 'content-type': 'application/json' } : {};
}

async function gatewayUrl(this: GatewayContext): Promise<string> {
  const { baseUrl } = await this.getCredentials<{ baseUrl: string }>('chasquiApi');
  return baseUrl.trim().replace(/\/+$/, '');
}

/** The body of a refusal; it is raw bytes when the request asked for bytes or a stream. */
async function readBody(this: GatewayContext, body: unknown): Promise<unknown> {
  const raw = Buffer.isBuffer(body) || isStream(body);
  if (!raw) return body;
  if (!('binaryToBuffer' in this.helpers)) return undefined;
  const text = (await this.helpers.binaryToBuffer(body)).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

type BinaryBody = Parameters<IExecuteFunctions['helpers']['binaryToBuffer']>[0];

function isStream(body: unknown): body is Exclude<BinaryBody, Buffer> {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}
