import { Agent, request } from '../../server/node_modules/undici/index.js';

/** @typedef {ReturnType<typeof createRest>} Rest */

/**
 * A client that costs little: it runs on the same cores as what it measures.
 * @param {string} baseUrl
 * @param {Record<string, string>} [headers]
 */
export function createRest(baseUrl, headers = {}) {
  const dispatcher = new Agent({ connections: 64, pipelining: 1 });

  /** @throws Error unless the answer is 2xx */
  async function call(method, path, body) {
    const response = await request(baseUrl + path, {
      dispatcher, method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`${method} ${path} answered ${response.statusCode}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  return {
    get: path => call('GET', path),
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
    close: () => dispatcher.destroy(),
  };
}
