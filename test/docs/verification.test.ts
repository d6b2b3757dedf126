import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestClock } from '../support/test-clock.js';
import { until } from '../support/until.js';
import type { ReceivedRequest } from '../support/webhook-receiver.js';
import { createWebhookRig, INSTANCE, SECRET, type WebhookRig } from '../support/webhook-rig.js';
import { codeBlocksOf } from './support/markdown.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const blocks = codeBlocksOf(readFileSync(join(root, 'docs/webhooks.md'), 'utf8'));
const blockWith = (language: string, text: string): string => {
  const found = blocks.filter(block => block.language === language && block.code.includes(text));
  expect(found, `one example in ${language} with ${text}`).toHaveLength(1);
  return found[0]?.code ?? '';
};

const NEW_SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const hasPython = spawnSync('python3', ['--version']).status === 0;

let dir: string;
let rig: WebhookRig;
const closers: (() => Promise<void>)[] = [];
/** Real posts: one under one secret, one during an overlap. */
let posts: ReceivedRequest[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'verification-'));
  rig = await createWebhookRig({ clock: createTestClock() });
  rig.dispatcher.start();
  const { receiver, webhook } = await rig.receiver();
  await rig.arrive('ñandú');
  await until('the first has come', () => receiver.requests.length === 1);
  await rig.usecases.rotateSecret(INSTANCE, webhook.id, { secret: NEW_SECRET });
  await rig.arrive('ñandú');
  await until('the second has come', () => receiver.requests.length === 2);
  posts = receiver.requests;
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await rig.close();
  await rm(dir, { recursive: true, force: true });
});

interface Case { name: string; secret: string; headers: Record<string, unknown>; body: string; genuine: boolean }

/** What every verification must get right. */
function cases(): Case[] {
  const [plain, overlapping] = posts;
  if (!plain || !overlapping) throw new Error('The posts are missing.');
  const old = Math.floor(Date.now() / 1000) - 301;
  return [
    { name: 'genuine', secret: SECRET, headers: plain.headers, body: plain.body, genuine: true },
    { name: 'another secret', secret: OTHER_SECRET, headers: plain.headers, body: plain.body, genuine: false },
    { name: 'another body', secret: SECRET, headers: plain.headers, body: `${plain.body} `, genuine: false },
    { name: 'another id', secret: SECRET, headers: { ...plain.headers, 'webhook-id': 'evt_1' }, body: plain.body, genuine: false },
    { name: 'too old', secret: SECRET, headers: { ...plain.headers, 'webhook-timestamp': String(old) }, body: plain.body, genuine: false },
    { name: 'no signature', secret: SECRET, headers: { ...plain.headers, 'webhook-signature': '' }, body: plain.body, genuine: false },
    { name: 'the secret before, in an overlap', secret: SECRET, headers: overlapping.headers, body: overlapping.body, genuine: true },
    { name: 'the new secret, in an overlap', secret: NEW_SECRET, headers: overlapping.headers, body: overlapping.body, genuine: true },
  ];
}
const expected = (): unknown[] => cases().map(({ name, genuine }) => [name, genuine]);

describe('the verification examples of docs/webhooks.md', () => {
  test('Node, with the library: the example runs, takes real events, in an overlap too, and refuses forged ones', async () => {
    const { url, output } = await startExample(blockWith('js', 'createServer'));
    const webhook = await rig.usecases.createWebhook(INSTANCE, { url, events: ['message.received'], secret: SECRET });
    const delivered = async (count: number) => until(`${count} delivered`, async () => (await rig.rows(webhook.id, { limit: 9, state: 'delivered' })).length === count);
    await rig.arrive('chat-1');
    await delivered(1);
    // The example still has the secret before.
    await rig.usecases.rotateSecret(INSTANCE, webhook.id, {});
    await rig.arrive('chat-1');
    await delivered(2);
    expect(output().match(/message\.received/g)).toHaveLength(2);
    const forged = await fetch(url, { method: 'POST', body: posts[0]?.body ?? '', headers: { 'webhook-id': 'x', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)), 'webhook-signature': 'v1,AAAA' } });
    expect(forged.status).toBe(401);
  });

  test('Node, by hand', async () => {
    const file = join(dir, 'by-hand.mjs');
    await writeFile(file, blockWith('js', 'export function isGenuine'));
    const { isGenuine } = await import(pathToFileURL(file).href) as { isGenuine: (secret: string, headers: object, body: string) => boolean };
    expect(cases().map(({ name, secret, headers, body }) => [name, isGenuine(secret, headers, body)])).toEqual(expected());
  });

  if (hasPython) {
    test('Python, by hand', async () => {
      const file = join(dir, 'by_hand.py');
      await writeFile(file, `${blockWith('python', 'def is_genuine')}
import json, sys
for case in json.load(sys.stdin):
    print(json.dumps([case["name"], is_genuine(case["secret"], case["headers"], case["body"].encode())]))
`);
      const run = spawnSync('python3', [file], { input: JSON.stringify(cases()), encoding: 'utf8' });
      expect(run.stderr).toBe('');
      expect(run.stdout.trim().split('\n').map(line => JSON.parse(line) as unknown)).toEqual(expected());
    });

    test('Python, with the library: the example is valid Python', async () => {
      const run = spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: blockWith('python', 'HTTPServer'), encoding: 'utf8' });
      expect([run.status, run.stderr]).toEqual([0, '']);
    });
  } else {
    test('Python: python3 is not on the PATH, so the examples are not run; the one by hand has the steps of the one in Node', () => {
      const code = blockWith('python', 'def is_genuine');
      for (const step of ['base64.b64decode(secret.removeprefix("whsec_"))', 'f"{message_id}.{timestamp}.".encode() + body', 'hmac.new(key, signed, hashlib.sha256)', 'hmac.compare_digest', '.split(" ")', '> 300']) {
        expect(code).toContain(step);
      }
      expect(blockWith('python', 'HTTPServer')).toContain('webhook.verify(body, dict(self.headers))');
    });
  }
});

/** Runs the example as a user would, but on a free port. */
async function startExample(code: string): Promise<{ url: string; output: () => string }> {
  const listen = '.listen(8080)';
  expect(code).toContain(listen);
  const home = join(dir, 'example');
  await mkdir(join(home, 'node_modules'), { recursive: true });
  await symlink(join(root, 'server/node_modules/standardwebhooks'), join(home, 'node_modules/standardwebhooks'), 'junction');
  await writeFile(join(home, 'receiver.mjs'), code.replace(listen, '.listen(0, \'127.0.0.1\', function () { console.log(`port ${this.address().port}`); })'));
  const child = spawn(process.execPath, ['receiver.mjs'], { cwd: home, env: { ...process.env, WEBHOOK_SECRET: SECRET }, stdio: ['ignore', 'pipe', 'inherit'] });
  closers.push(() => end(child));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  await until('the example listens', () => /port \d+/.test(text));
  return { url: `http://127.0.0.1:${/port (\d+)/.exec(text)?.[1] ?? ''}/`, output: () => text };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
