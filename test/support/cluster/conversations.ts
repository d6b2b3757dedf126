import { createHash } from 'node:crypto';
import { until } from '../until.js';
import type { Answered, Caller } from './caller.js';

/** What callers do with a gateway: each a few requests that belong together, about one instance. */
export type Conversation = (caller: Caller) => Promise<void>;

const HOUR_MS = 3_600_000;
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const idOf = ({ body }: Pick<Answered, 'body'>): string => String(body['messageId']);

/** Those of a linked instance that is CONNECTED, and is so again at the end. */
export const CONVERSATIONS: Record<string, Conversation> = {
  async 'a text'(caller) {
    const to = caller.newContact();
    const messageId = idOf(await caller.ask('send', 201, '/messages/text', { json: { to, text: 'Hello' }, method: 'POST' }));
    await caller.ask('wait for delivered', 200, `/messages/${messageId}?waitFor=delivered`);
    await caller.ask('get', 200, `/messages/${messageId}`);
    await caller.ask('list the chat', 200, `/messages?chatId=${to}@s.whatsapp.net`);
    requireShown(caller, to, messageId);
  },

  async 'a location that quotes a text'(caller) {
    const to = caller.newContact();
    const first = idOf(await caller.ask('send', 201, '/messages/text', { json: { to, text: 'Where?' }, method: 'POST' }));
    const messageId = idOf(await caller.ask('quote', 201, '/messages/location', { json: { to, latitude: -13.5, longitude: -71.9, quotedMessageId: first }, method: 'POST' }));
    await caller.ask('wait for delivered', 200, `/messages/${messageId}?waitFor=delivered`);
    await caller.askUntil('the first is delivered', `/messages/${first}`, ({ status }) => status === 'delivered');
    await caller.ask('quote what is not known', 422, '/messages/text', { json: { to, text: 'What?', quotedMessageId: '3EB0000000000000000000' }, method: 'POST' });
    requireShown(caller, to, first, messageId);
  },

  async 'an asynchronous text'(caller) {
    const to = caller.newContact();
    const messageId = idOf(await caller.ask('queue', 202, '/messages/text?async=true', { json: { to, text: 'Later' }, method: 'POST' }));
    await caller.ask('wait for delivered', 200, `/messages/${messageId}?waitFor=delivered&timeoutSeconds=60`);
    await caller.ask('too late to cancel', 409, `/messages/${messageId}/cancel`, { method: 'POST' });
    requireShown(caller, to, messageId);
  },

  async 'many at once'(caller) {
    const to = caller.newContact();
    const messages = [{ type: 'text', to, text: 'One' }, { type: 'text', to: '12', text: 'Two' }, { type: 'location', to, latitude: 1, longitude: 2 }];
    const { body } = await caller.ask('queue', 202, '/messages/bulk', { json: { messages }, method: 'POST' });
    const ids = (body['messages'] as { messageId?: string }[]).flatMap(({ messageId }) => messageId ?? []);
    for (const messageId of ids) await caller.ask('wait for delivered', 200, `/messages/${messageId}?waitFor=delivered&timeoutSeconds=60`);
    requireShown(caller, to, ...ids);
  },

  async 'a text for tomorrow, cancelled'(caller) {
    const to = caller.newContact();
    const json = { to, text: 'Tomorrow', scheduledAt: new Date(Date.now() + 24 * HOUR_MS).toISOString() };
    const messageId = idOf(await caller.ask('queue', 202, '/messages/text', { json, method: 'POST', headers: { 'x-async': 'true' } }));
    await caller.ask('it waits', 200, '/status');
    await caller.ask('cancel', 200, `/messages/${messageId}/cancel`, { method: 'POST' });
    await caller.ask('cancel again', 409, `/messages/${messageId}/cancel`, { method: 'POST' });
    await caller.ask('nothing waits', 200, '/status');
  },

  async 'a dead letter'(caller) {
    const to = '99915550001';
    const messageId = idOf(await caller.ask('queue', 202, '/messages/text?async=true', { json: { to, text: 'Nobody is there' }, method: 'POST' }));
    await caller.ask('wait', 200, `/messages/${messageId}?waitFor=sent&timeoutSeconds=60`);
    await caller.ask('list', 200, '/dead-letters');
    await caller.ask('retry', 202, `/dead-letters/${messageId}/retry`, { method: 'POST' });
    await caller.ask('wait', 200, `/messages/${messageId}?waitFor=sent&timeoutSeconds=60`);
    await caller.ask('discard', 204, `/dead-letters/${messageId}`, { method: 'DELETE' });
    await caller.ask('discard again', 409, `/dead-letters/${messageId}`, { method: 'DELETE' });
    await caller.ask('list', 200, '/dead-letters');
  },

  async 'a repeated synchronous text'(caller) {
    const to = caller.newContact();
    const headers = { 'idempotency-key': `sync-${to}` };
    const send = (what: string, status: number, text: string) => caller.ask(what, status, '/messages/text', { json: { to, text }, method: 'POST', headers });
    const [one, two] = await Promise.all([send('send', 201, 'Once'), send('send', 201, 'Once')]);
    const three = await send('send', 201, 'Once');
    await send('another text', 422, 'Twice');
    requireSame(one, two, three);
    await caller.askUntil('it is delivered', `/messages/${idOf(one)}`, ({ status }) => status === 'delivered');
    requireShown(caller, to, idOf(one));
  },

  async 'a repeated asynchronous text'(caller) {
    const to = caller.newContact();
    const headers = { 'idempotency-key': `async-${to}` };
    const json = { to, text: 'Once', scheduledAt: new Date(Date.now() + HOUR_MS).toISOString() };
    const send = (what: string, status: number, body: object) => caller.ask(what, status, '/messages/text?async=1', { json: body, method: 'POST', headers });
    const [one, two] = await Promise.all([send('queue', 202, json), send('queue', 202, json)]);
    await send('another time', 422, { ...json, scheduledAt: undefined });
    requireSame(one, two, await send('queue', 202, json));
    await caller.ask('cancel', 200, `/messages/${idOf(one)}/cancel`, { method: 'POST' });
  },

  async 'media by base64, form and url'(caller) {
    const to = caller.newContact();
    // More than a row of the database should be, and never the same.
    const large = Buffer.concat([PNG, createHash('sha512').update(to).digest(), caller.file.bytes]);
    const form = new FormData();
    form.set('to', to);
    form.set('caption', 'A form');
    form.set('file', new Blob([large], { type: 'image/png' }), 'large.png');
    const sent = new Map<string, Buffer>();
    const keep = (answer: Answered, bytes: Buffer) => void sent.set(idOf(answer), bytes);
    keep(await caller.ask('base64', 201, '/messages/document', { json: { to, base64: large.toString('base64'), fileName: 'large.png' }, method: 'POST' }), large);
    keep(await caller.ask('a form', 201, '/messages/image', { form, method: 'POST' }), large);
    keep(await caller.ask('a url', 201, '/messages/image', { json: { to, url: caller.file.url, caption: 'A url' }, method: 'POST' }), caller.file.bytes);
    keep(await caller.ask('base64, asynchronously', 202, '/messages/image?async=true', { json: { to, base64: PNG.toString('base64') }, method: 'POST' }), PNG);
    await caller.ask('a url where nothing is', 422, '/messages/image', { json: { to, url: `${caller.file.url}/missing` }, method: 'POST' });
    await caller.ask('both', 400, '/messages/image', { json: { to, url: caller.file.url, base64: 'AAAA' }, method: 'POST' });
    for (const messageId of sent.keys()) await caller.ask('wait for delivered', 200, `/messages/${messageId}?waitFor=delivered&timeoutSeconds=60`);
    requireShown(caller, to, ...sent.keys());
    for (const { messageId, sha256 } of caller.simulator.contacts.received(to)) {
      const bytes = sent.get(messageId);
      if (bytes && sha256 !== sha256Of(bytes)) throw new Error(`The media of ${messageId} arrived changed: ${sha256}`);
    }
  },

  async 'a picture that is received'(caller) {
    const from = caller.newContact();
    const { messageId } = await caller.simulator.contacts.write(from, { to: caller.phone, image: { base64: PNG.toString('base64'), mimetype: 'image/png', caption: 'Look' } });
    await caller.askUntil('it was received', '/messages?direction=in&limit=20', ({ messages }) => (messages as { messageId: string }[]).some(message => message.messageId === messageId));
    await caller.ask('get', 200, `/messages/${messageId}`);
    const { bytes } = await caller.ask('download', 200, `/messages/${messageId}/media`);
    if (sha256Of(bytes) !== sha256Of(PNG)) throw new Error('The media was not the same.');
    await caller.ask('a message that is not there', 404, '/messages/3EB0000000000000000000/media');
  },

  async 'a webhook'(caller) {
    const to = caller.newContact();
    const json = { url: `${caller.file.url}/hook`, events: ['message.ack'], headers: { 'x-shop': 'one' } };
    const { body: { id } } = await caller.ask('create', 201, '/webhooks', { json, method: 'POST' });
    const webhook = `/webhooks/${String(id)}`;
    await caller.ask('get', 200, webhook);
    await caller.ask('list', 200, '/webhooks');
    const messageId = idOf(await caller.ask('send', 201, '/messages/text', { json: { to, text: 'Hello' }, method: 'POST' }));
    const areDelivered = (count: number) => ({ deliveries }: Record<string, unknown>) => (deliveries as { state: string }[]).filter(({ state }) => state === 'delivered').length === count;
    const { deliveries } = await caller.askUntil('both are delivered', `${webhook}/deliveries`, areDelivered(2));
    await caller.ask('list deliveries', 200, `${webhook}/deliveries`);
    await caller.ask('change', 200, webhook, { json: { enabled: false, events: ['message.ack', 'message.received'] }, method: 'PATCH' });
    await caller.ask('replay one', 200, `${webhook}/deliveries/${(deliveries as { id: string }[])[0]?.id ?? ''}/replay`, { method: 'POST' });
    await caller.ask('replay a range', 202, `${webhook}/deliveries/replay`, { json: { state: 'delivered' }, method: 'POST' });
    await caller.ask('rotate', 200, `${webhook}/rotate-secret`, { json: { overlapSeconds: 60 }, method: 'POST' });
    await caller.ask('enable', 200, webhook, { json: { enabled: true }, method: 'PATCH' });
    await caller.askUntil('both are delivered again', `${webhook}/deliveries`, areDelivered(2));
    await caller.ask('a wrong url', 400, webhook, { json: { url: 'ftp://example.com' }, method: 'PATCH' });
    await caller.ask('delete', 204, webhook, { method: 'DELETE' });
    await caller.ask('it is gone', 404, webhook);
    await caller.askUntil('the message is delivered', `/messages/${messageId}`, ({ status }) => status === 'delivered');
  },

  async 'a look at the instance'(caller) {
    await caller.ask('status', 200, '/status');
    await caller.ask('get', 200, '');
    await caller.ask('connect', 200, '/connect', { method: 'POST' });
    await caller.ask('no QR', 409, '/qr');
    await caller.ask('the QR page', 200, '/qr', { headers: BROWSER });
    await caller.ask('no pairing code', 409, '/pairing-code', { json: { phoneNumber: caller.phone }, method: 'POST' });
    const { body } = await caller.ask('a link', 200, '/qr-link', { method: 'POST' });
    const { pathname, search } = new URL(String(body['url']));
    await caller.ask('the link', 200, `/${pathname}${search}`, { headers: { ...BROWSER, 'x-api-key': '' } });
  },

  async 'changed settings'(caller) {
    await caller.ask('change', 200, '', { json: { name: 'North', settings: { sendIntervalMs: 10 } }, method: 'PATCH' });
    await caller.ask('get', 200, '');
    await caller.ask('a wrong setting', 400, '', { json: { settings: { sendIntervalMs: -1 } }, method: 'PATCH' });
    await caller.ask('change back', 200, '', { json: { name: caller.instanceId, settings: { sendIntervalMs: 0 } }, method: 'PATCH' });
  },

  async 'requests that cannot be'(caller) {
    const post = (json: object) => ({ json, method: 'POST' });
    await caller.ask('no text', 400, '/messages/text', post({ to: caller.newContact() }));
    await caller.ask('no number', 400, '/messages/text', post({ to: 'nobody', text: 'Hello' }));
    await caller.ask('a number that is not on WhatsApp', 422, '/messages/text', post({ to: '99915550001', text: 'Hello' }));
    await caller.ask('a time without async', 400, '/messages/text', post({ to: caller.newContact(), text: 'Hello', scheduledAt: '2030-01-01T00:00:00Z' }));
    await caller.ask('an instance that is not there', 404, '//instances/nobody/messages/text', post({ to: '15550000001', text: 'Hello' }));
    await caller.ask('its status', 404, '//instances/nobody/status');
    await caller.ask('connect it', 404, '//instances/nobody/connect', { method: 'POST' });
    await caller.ask('purge it', 404, '//instances/nobody?purge=true', { method: 'DELETE' });
    await caller.ask('a message that is not there', 404, '/messages/3EB0000000000000000000');
    await caller.ask('wait for it', 404, '/messages/3EB0000000000000000000?waitFor=sent');
    await caller.ask('cancel it', 404, '/messages/3EB0000000000000000000/cancel', { method: 'POST' });
    await caller.ask('a webhook that is not there', 404, '/webhooks/00000000-0000-4000-8000-000000000000');
    await caller.ask('no key', 401, '/status', { headers: { 'x-api-key': 'wrong' } });
    await caller.ask('no such address', 404, '/nothing');
    await caller.ask('no such method', 405, '/status', { method: 'DELETE' });
    await caller.ask('its id again', 409, '//instances', post({ instanceId: caller.instanceId }));
  },
};

/** The connection of a linked instance, broken and made again. */
export const reconnected: Conversation = async caller => {
  await caller.ask('restart', 200, '/restart', { method: 'POST' });
  await caller.ask('status', 200, '/status');
  await caller.ask('disconnect', 200, '/disconnect', { method: 'POST' });
  await caller.ask('status', 200, '/status');
  await caller.ask('send', 409, '/messages/text', { json: { to: caller.newContact(), text: 'Hello' }, method: 'POST' });
  await caller.ask('the QR page', 200, '/qr', { headers: BROWSER });
  await caller.ask('connect', 200, '/connect', { method: 'POST' });
  await caller.ask('status', 200, '/status');
};

/** The life of an instance that is not there yet, from its making to its end for good, with an account that is linked and unlinked. */
export const wholeLife: Conversation = async caller => {
  const { instanceId, phone, simulator } = caller;
  const create = { json: { instanceId, name: 'Short-lived' }, method: 'POST' };
  await caller.ask('create', 201, '//instances', create);
  await caller.ask('get', 200, '');
  await caller.ask('no QR yet', 409, '/qr');
  await caller.ask('connect', 200, '/connect', { method: 'POST' });
  await caller.ask('status', 200, '/status');
  const { body: shown } = await caller.ask('QR', 200, '/qr');
  for (const accept of ['image/png', 'image/svg+xml', BROWSER.accept]) {
    const { bytes } = await caller.ask(`QR as ${accept}`, 200, '/qr', { headers: { accept } });
    // Its size is that of the code.
    if (accept === 'image/png') caller.answers.pop();
    if (bytes.length < 1_000) throw new Error('There is no code in it.');
  }
  const { body: link } = await caller.ask('a link', 200, '/qr-link', { method: 'POST' });
  const { pathname, search } = new URL(String(link['url']));
  await caller.ask('the link', 200, `/${pathname}${search}`, { headers: { ...BROWSER, 'x-api-key': '' } });
  await caller.ask('the link of another', 401, `/${pathname.replace(instanceId, `${instanceId}-2`)}${search}`, { headers: { ...BROWSER, 'x-api-key': '' } });
  simulator.phones.add(phone);
  await simulator.phones.scan(phone, String(shown['qr']));
  await caller.askUntil('it is CONNECTED', '/status', ({ status }) => status === 'CONNECTED');
  await caller.ask('status', 200, '/status');
  await caller.ask('log out', 200, '/logout', { method: 'POST' });
  await caller.ask('status', 200, '/status');
  if (simulator.phones.get(phone).devices.length > 0) throw new Error('The device is still linked.');
  await caller.ask('connect', 200, '/connect', { method: 'POST' });
  const { body: typed } = await caller.ask('pairing code', 200, '/pairing-code', { json: { phoneNumber: phone }, method: 'POST' });
  await simulator.phones.enterPairingCode(phone, String(typed['code']));
  await caller.askUntil('it is CONNECTED', '/status', ({ status }) => status === 'CONNECTED');
  await caller.ask('delete', 200, '', { method: 'DELETE' });
  await caller.ask('it is not there', 404, '/status');
  await caller.ask('its id is taken', 409, '//instances', create);
  await caller.ask('restore', 200, '/restore', { method: 'POST' });
  await caller.ask('status', 200, '/status');
  await caller.ask('connect without a scan', 200, '/connect', { method: 'POST' });
  await caller.ask('status', 200, '/status');
  await caller.ask('purge', 204, '?purge=true', { method: 'DELETE' });
  await caller.ask('it is not there', 404, '');
  await caller.ask('nor to be restored', 404, '/restore', { method: 'POST' });
  await caller.ask('create again', 201, '//instances', create);
  await caller.ask('status', 200, '/status');
  await caller.ask('connect', 200, '/connect', { method: 'POST' });
  await caller.ask('purge', 204, '?purge=true', { method: 'DELETE' });
  await until('nothing is linked', () => simulator.phones.get(phone).devices.length === 0);
};

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Each of them once, and nothing else, in this order. */
function requireShown(caller: Caller, contact: string, ...messageIds: string[]): void {
  const shown = caller.simulator.contacts.received(contact).map(({ messageId, times }) => `${messageId} × ${times}`);
  const expected = messageIds.map(messageId => `${messageId} × 1`);
  if (JSON.stringify(shown) !== JSON.stringify(expected)) throw new Error(`${contact} saw ${shown.join(', ') || 'nothing'} instead of ${expected.join(', ')}.`);
}

function requireSame(...answers: Answered[]): void {
  const bodies = new Set(answers.map(({ body }) => JSON.stringify([body['messageId'], body['correlationId']])));
  if (bodies.size !== 1) throw new Error(`They are not the same message: ${[...bodies].join(', ')}`);
}
