/** Baileys with nothing around it: what the gateway is compared with. */
import { generateMessageIDV2, initAuthCreds, makeWASocket, WA_CERT_DETAILS } from '../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { within } from './until.mjs';

const PAIRING_MS = 60_000;
const ROUND_TRIP_MS = 30_000;
const SILENT = { level: 'silent', child: () => SILENT, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Makes this process trust the simulator. libsignal prints sessions by console.info; the bench prints by process.stdout. */
export async function trustSimulator(control) {
  const { rootPublicKey, webSocketUrl } = await control.get('/trust');
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootPublicKey, 'hex');
  for (const name of ['log', 'info', 'warn', 'error']) console[name] = () => {};
  return webSocketUrl;
}

/** Credentials and keys as live objects in memory: no store can be faster. */
export function createMemoryAuth() {
  const keys = new Map();
  return {
    creds: initAuthCreds(),
    keys: {
      async get(type, ids) {
        return Object.fromEntries(ids.map(id => [id, keys.get(`${type}|${id}`)]).filter(([, value]) => value !== undefined));
      },
      async set(data) {
        for (const [type, entries] of Object.entries(data)) {
          for (const [id, value] of Object.entries(entries ?? {})) {
            if (value === null || value === undefined) keys.delete(`${type}|${id}`);
            else keys.set(`${type}|${id}`, value);
          }
        }
      },
    },
  };
}

/**
 * A client over `auth`. Comes again by itself after the restart that ends a pairing (515), and after nothing else.
 * @param {{ webSocketUrl: string, auth: object, saveCreds?: () => unknown, onQr?: (qr: string) => unknown, onMessage?: (text: string) => void }} options
 */
export function createBareClient({ webSocketUrl, auth, saveCreds = () => {}, onQr = () => {}, onMessage = () => {} }) {
  let sock;
  let acks = new Map();
  let opened, failed;
  const open = new Promise((resolve, reject) => { opened = resolve; failed = reject; });

  async function connect() {
    sock = makeWASocket({
      auth, waWebSocketUrl: webSocketUrl, logger: SILENT,
      // What the gateway sets, too, so that both do the same work.
      markOnlineOnConnect: false, syncFullHistory: false, generateHighQualityLinkPreview: false,
    });
    let saving = Promise.resolve();
    sock.ev.on('creds.update', update => {
      Object.assign(auth.creds, update);
      saving = saving.then(saveCreds);
    });
    sock.ev.on('messages.upsert', ({ messages }) => {
      for (const { key, message } of messages) {
        const text = message?.conversation ?? message?.extendedTextMessage?.text;
        if (!key.fromMe && text) onMessage(text);
      }
    });
    sock.ws.on('CB:ack,class:message', ({ attrs }) => acks.get(attrs.id)?.(attrs));
    sock.ev.on('connection.update', async ({ connection, qr, lastDisconnect }) => {
      if (qr) Promise.resolve(onQr(qr)).catch(failed);
      if (connection === 'open') opened();
      if (connection !== 'close') return;
      if (lastDisconnect?.error?.output?.statusCode !== 515) return failed(lastDisconnect?.error ?? new Error('closed'));
      await saving;
      await connect();
    });
  }

  return {
    async open() {
      await connect();
      await within('a bare client is open', open, PAIRING_MS);
    },
    /** Resolves when WhatsApp acknowledged the message. */
    async send(jid, text) {
      const messageId = generateMessageIDV2(sock.user?.id);
      const acknowledged = new Promise(resolve => acks.set(messageId, resolve));
      await sock.sendMessage(jid, { text }, { messageId });
      const { error } = await within('an acknowledgement', acknowledged, ROUND_TRIP_MS);
      acks.delete(messageId);
      if (error) throw new Error(`WhatsApp refused a message with code ${error}.`);
    },
    async end() {
      acks = new Map();
      await sock?.end(undefined);
    },
  };
}

/** Scans with a phone of this number whatever QR code a client shows; for `onQr`. */
export function scanWith(control, number) {
  let scanned = false;
  return async qr => {
    if (scanned) return;
    scanned = true;
    await control.post('/phones', { number });
    await control.post(`/phones/${number}/scan`, { qr });
  };
}
