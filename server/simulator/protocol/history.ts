import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { userJid } from '../jids.js';
import type { Delivery } from '../messages/delivery.js';
import type { Sealing } from '../messages/sealing.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';

const { Type } = proto.Message.ProtocolMessage;
const { HistorySyncType } = proto.HistorySync;

/**
 * What the phone sends to a newly linked device: a key for app state, then an empty history. A client waits up to 20 s for
 * it in its initial sync. Sent again at the next login until the client has confirmed the last part.
 */
export async function sendBootstrap(device: LinkedDevice, network: Network, sealing: Sealing, delivery: Delivery): Promise<void> {
  const { account } = device;
  const messages = [
    appStateKeyShare(network.clock.now()),
    history(HistorySyncType.INITIAL_BOOTSTRAP, 0, account.number, account.lid),
    history(HistorySyncType.RECENT, 100, account.number, account.lid),
  ];
  for (const message of messages) {
    const id = `3E${randomBytes(9).toString('hex').toUpperCase()}`;
    device.bootstrapId = id;
    const enc = await sealing.seal(account, device, message);
    const attrs = { from: userJid(account.number, 's.whatsapp.net'), id, t: unixSeconds(network.clock), type: 'text', category: 'peer' };
    delivery.deliver(device, node('message', attrs, [enc]));
  }
}

function appStateKeyShare(now: number): proto.IMessage {
  const keyData = { keyData: randomBytes(32), fingerprint: { rawId: 1, currentIndex: 1, deviceIndexes: [0] }, timestamp: now };
  return {
    protocolMessage: {
      type: Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: { keys: [{ keyId: { keyId: randomBytes(6) }, keyData }] },
    },
  };
}

function history(syncType: proto.HistorySync.HistorySyncType, progress: number, number: string, lid: string): proto.IMessage {
  const sync = proto.HistorySync.encode({
    syncType,
    progress,
    chunkOrder: 1,
    phoneNumberToLidMappings: [{ pnJid: `${number}@s.whatsapp.net`, lidJid: `${lid}@lid` }],
  }).finish();
  return {
    protocolMessage: {
      type: Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: syncType as number as proto.Message.HistorySyncType,
        progress,
        chunkOrder: 1,
        initialHistBootstrapInlinePayload: deflateSync(sync),
      },
    },
  };
}
