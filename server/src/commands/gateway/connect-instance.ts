import { setTimeout as sleep } from 'node:timers/promises';
import QRCode from 'qrcode';
import { CommandError } from './command-error.js';
import type { Action, Outcome } from './gateway-command.js';

interface Connection { status: string; reason: string; message: string; qr?: string }

const LOOK_EVERY_MS = 1_000;
/** A pairing that nobody scans ends before that. */
const WAIT_MS = 300_000;

/** Connects an account: shows the QR codes in the terminal until one was scanned. */
export const connectInstance: Action = {
  name: 'connect', names: ['<instanceId>'], options: { 'no-wait': { type: 'boolean' } },
  async run({ gateway, words: [instanceId = ''], values, host, json }) {
    const path = `/instances/${encodeURIComponent(instanceId)}`;
    let now = await gateway.call<Connection>('POST', `${path}/connect`);
    let shown: string | null = null;
    const show = async (qr: string | undefined): Promise<void> => {
      if (qr === undefined || qr === shown || json) return;
      shown = qr;
      for (const line of await drawn(qr)) host.print(line);
      host.print('Scan it in WhatsApp: Linked devices, Link a device.');
    };
    await show(now.qr);
    if (values['no-wait'] === true) return outcomeOf(instanceId, now, true);
    for (let waited = 0; waited < WAIT_MS && isUnderWay(now); waited += LOOK_EVERY_MS) {
      await sleep(LOOK_EVERY_MS);
      now = await gateway.call<Connection>('GET', `${path}/status`);
      if (now.status === 'QR_READY') await show(await currentQr());
    }
    return outcomeOf(instanceId, now, false);

    /** It may just have been scanned. */
    async function currentQr(): Promise<string | undefined> {
      try {
        return (await gateway.call<{ qr: string }>('GET', `${path}/qr`)).qr;
      } catch (error) {
        if (error instanceof CommandError && error.code === 'qr_not_available') return undefined;
        throw error;
      }
    }
  },
};

function isUnderWay({ status }: Connection): boolean {
  return status === 'CONNECTING' || status === 'QR_READY';
}

function outcomeOf(instanceId: string, now: Connection, shownOnly: boolean): Outcome {
  const isGood = now.status === 'CONNECTED' || (shownOnly && isUnderWay(now));
  return { json: now, lines: [`${instanceId}: ${now.status} (${now.reason})`, now.message], exitCode: isGood ? 0 : 1 };
}

/** With colours of its own: a code whose dark and light are swapped, as on a dark terminal, is not read by every phone. */
async function drawn(qr: string): Promise<string[]> {
  return (await QRCode.toString(qr, { type: 'terminal', small: true, errorCorrectionLevel: 'L' })).split('\n');
}
