import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openScene, type Scene } from './support/scene.js';

describe('the credential test', () => {
  let scene: Scene;
  beforeAll(async () => { scene = await openScene(); });
  afterAll(async () => { await scene?.close(); });

  const test = (data: { baseUrl: string; apiKey: string }) => scene.n8n.testCredential(scene.credential, data);

  it('passes with the gateway\'s address and key, with and without a slash at the end', async () => {
    const { gatewayUrl, apiKey } = scene.stack;
    expect(await test({ baseUrl: gatewayUrl, apiKey })).toMatchObject({ status: 'OK' });
    expect(await test({ baseUrl: `${gatewayUrl}/`, apiKey })).toMatchObject({ status: 'OK' });
  });

  it('fails with a wrong key, and says that it is the key', async () => {
    const answer = await test({ baseUrl: scene.stack.gatewayUrl, apiKey: 'not-the-key' });
    expect(answer.status).toBe('Error');
    expect(answer.message).toMatch(/key/i);
  });

  it('fails where nothing listens, and says so', async () => {
    const answer = await test({ baseUrl: `http://127.0.0.1:${await closedPort()}`, apiKey: scene.stack.apiKey });
    expect(answer.status).toBe('Error');
    expect(answer.message).toMatch(/refused/i);
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
