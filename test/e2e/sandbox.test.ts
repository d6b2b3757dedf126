import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { api, type Api } from '../support/api.js';
import { isAlive, startSandboxProcess, type SandboxProcess } from '../support/sandbox-process.js';
import { until } from '../support/until.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';

const DEMO = '15550001111';
const CONVERSATION = [
  /15550001111 →  demo +scanned the QR code/,
  /demo +CONNECTED: /,
  /demo +→ {2}15550002222 {2}Hello! Does this message reach you\?/,
  /demo +→ {2}15550002222 {2}✓ {2}sent {2}\w+/,
  /demo +→ {2}15550002222 {2}✓✓ delivered {2}\w+/,
  /demo +→ {2}15550002222 {2}✓✓ read {2}\w+/,
  /15550002222 → {2}demo +It does, and this answer comes back to you\./,
];
/** Each start has 60 s. */
const START_TWICE_MS = 150_000;
const HAS_CURL = spawnSync('curl', ['--version']).status === 0;

interface Received { messageId: string; type: string; text?: string; sha256?: string; times: number }

describe('the sandbox', () => {
  let dataDir: string;
  let sandbox: SandboxProcess;
  let gateway: Api;
  let simulator: Api;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chasqui-sandbox-'));
    sandbox = await startSandboxProcess(dataDir);
    await sandbox.serving();
    gateway = api(sandbox.gatewayUrl, 'sandbox');
    simulator = api(sandbox.simulatorUrl, '');
  }, START_TWICE_MS);
  afterAll(async () => {
    await endAll(sandbox);
    await rm(dataDir, { recursive: true, force: true });
  });

  const decrypted = async (number: string, messageId: string) =>
    (await simulator.get(`/contacts/${number}/messages`) as Received[]).filter(message => message.messageId === messageId);

  it('shows a conversation with its acknowledgements, without colours where nobody sees them', () => {
    for (const line of CONVERSATION) expect(sandbox.output()).toMatch(line);
    expect(sandbox.output()).not.toContain('\u001B');
  });

  it('connects a second instance whose QR is scanned through the control API', async () => {
    await gateway.post('/instances', { instanceId: 'by-rest' }, 201);
    const { qr } = await gateway.post('/instances/by-rest/connect', undefined, 200) as { qr: string };
    await simulator.post('/phones', { number: '15550005555' }, 201);
    await simulator.post('/phones/15550005555/scan', { qr }, 200);
    await gateway.untilStatus('by-rest', 'CONNECTED', 5_000);
  });

  it('sends a text and an upload that a contact decrypts, once', async () => {
    const text = await gateway.post('/instances/demo/messages/text', { to: '+1 555 000 6666', text: 'by REST' }, 201) as { messageId: string; status: string };
    expect(text.status).toBe('sent');
    const bytes = randomBytes(10_000);
    const form = new FormData();
    form.set('to', '15550006666');
    form.set('file', new Blob([bytes], { type: 'image/png' }), 'picture.png');
    const answer = await gateway.raw('/instances/demo/messages/image', { method: 'POST', body: form });
    expect(answer.status, await answer.clone().text()).toBe(201);
    const { messageId } = await answer.json() as { messageId: string };
    await until('both are decrypted', async () => (await decrypted('15550006666', text.messageId)).length + (await decrypted('15550006666', messageId)).length === 2);
    expect(await decrypted('15550006666', text.messageId)).toMatchObject([{ type: 'text', text: 'by REST', times: 1 }]);
    expect(await decrypted('15550006666', messageId)).toMatchObject([{ type: 'image', sha256: sha256(bytes), times: 1 }]);
  });

  it('brings what a contact writes to a webhook, signed, and to the screen', async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const receiver = await startWebhookReceiver(secret);
    try {
      await gateway.post('/instances/demo/webhooks', { url: receiver.url, events: ['message.received'], secret }, 201);
      await simulator.post('/contacts/15550006666/messages', { to: DEMO, text: 'to whom it may concern' }, 201);
      await until('the event', () => receiver.requests.length > 0);
      expect(receiver.requests).toMatchObject([{ verified: true }]);
      expect(JSON.parse(receiver.requests[0]?.body ?? '')).toMatchObject({ instanceId: 'demo', data: { text: 'to whom it may concern', sender: { phone: '15550006666' } } });
      await until('it is shown', () => /15550006666 → {2}demo +to whom it may concern/.test(sandbox.output()));
    } finally {
      await receiver.close();
    }
  });

  it.skipIf(!HAS_CURL)('prints commands that work as they stand (needs curl)', async () => {
    const commands = [...sandbox.output().matchAll(/^ {4}(curl .*)$/gm)].map(([, command]) => command as string);
    const answers: string[] = [];
    for (const command of commands) answers.push((await promisify(execFile)('sh', ['-c', command])).stdout);
    const answerOf = (part: string): unknown => JSON.parse(answers[commands.findIndex(command => command.includes(part))] ?? 'null');

    await gateway.untilStatus('second', 'CONNECTED', 5_000);
    expect(answerOf('/qr-link')).toMatchObject({ url: expect.stringContaining(`${sandbox.gatewayUrl}/instances/second/qr?`) as string });
    expect(answerOf('Hello from curl')).toMatchObject({ status: 'sent' });
    expect(answerOf('This one is refused')).toMatchObject({ status: 502, code: 'whatsapp_rejected', whatsappCode: 463 });
    expect(answerOf('http://127.0.0.1:9000/')).toMatchObject({ secret: expect.stringMatching(/^whsec_/) as string });
    const { messageId } = answerOf('/messages/image') as { messageId: string };
    expect(await decrypted('15550003333', messageId)).toMatchObject([{ sha256: sha256(readFileSync(join(dataDir, 'picture.png'))) }]);
    await until('the contact\'s text is shown', () => /15550003333 → {2}demo +Hello from a contact/.test(sandbox.output()));
  });

  it('has its documentation at /docs', async () => {
    expect((await fetch(`${sandbox.gatewayUrl}/docs`)).status).toBe(200);
  });
});

describe('the life of the sandbox', { timeout: START_TWICE_MS }, () => {
  let dataDir: string;
  const started: SandboxProcess[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chasqui-sandbox-'));
  });
  afterEach(async () => {
    await endAll(...started.splice(0));
    await rm(dataDir, { recursive: true, force: true });
  });

  async function start(env?: Record<string, string>): Promise<SandboxProcess> {
    const sandbox = await startSandboxProcess(dataDir, env);
    started.push(sandbox);
    return sandbox;
  }

  it('ends all within 10 s on SIGTERM, and pairs anew on the same data', async () => {
    const first = await start();
    await first.serving();
    const children = first.children();
    expect(children.map(isAlive)).toEqual([true, true]);
    first.kill('SIGTERM');
    first.kill('SIGTERM');
    await until('all processes are gone', () => ![first.pid, ...children].some(isAlive), 10_000);
    expect(await first.ended).toBe(0);

    const second = await start();
    await second.serving();
    for (const line of CONVERSATION) expect(second.output()).toMatch(line);
    const { webhooks } = await api(second.gatewayUrl, 'sandbox').get('/instances/demo/webhooks') as { webhooks: unknown[] };
    expect(webhooks).toHaveLength(1);
  });

  it('says so when the gateway ends by itself, and stops the simulator', async () => {
    const sandbox = await start({ CHASQUI_API_KEY: 'a-key-of-my-own' });
    await sandbox.serving();
    const [simulator = 0, gateway = 0] = sandbox.children();
    process.kill(gateway, 'SIGKILL');
    expect(await sandbox.ended).toBe(1);
    expect(sandbox.output()).toMatch(/The gateway ended by itself, by SIGKILL\.\n\nThe end of .*gateway\.log:\n/);
    expect(isAlive(simulator)).toBe(false);
  });

  it('leaves no process behind when it is killed itself', async () => {
    const sandbox = await start();
    await until('the simulator runs', () => sandbox.children().length > 0);
    sandbox.kill('SIGKILL');
    await sandbox.ended;
    await until('its children are gone', () => !sandbox.children().some(isAlive));
  });

  it.each(['PORT', 'SIMULATOR_PORT'])('says which port is taken, and starts nothing: %s', async variable => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port } = other.address() as AddressInfo;
      const sandbox = await start({ [variable]: String(port) });
      expect(await sandbox.ended).toBe(1);
      expect(sandbox.output()).toContain(`Port ${port} is taken`);
      expect(sandbox.output()).toContain(`${variable}=`);
      expect(sandbox.children()).toEqual([]);
    } finally {
      other.close();
    }
  });
});

/** Kills what still runs and waits for its children, too. */
async function endAll(...sandboxes: (SandboxProcess | undefined)[]): Promise<void> {
  for (const sandbox of sandboxes) sandbox?.kill('SIGKILL');
  for (const sandbox of sandboxes) {
    await sandbox?.ended;
    await until('nothing is left', () => !sandbox?.children().some(isAlive));
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
