import { getAllBinaryNodeChildren, getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedDevice } from '../../accounts/linked-device.js';
import { isOnWhatsApp, parseUserJid, userJid } from '../../jids.js';
import type { Network } from '../../network.js';
import { bytesOf, iqResult, node } from '../../nodes.js';
import type { DeviceLists } from '../device-lists.js';
import type { IqHandler } from './types.js';

/** `usync`: for each queried user the protocols that were asked for: whether it exists, its LID, its devices, its status. */
export function createUsyncHandler(network: Network, deviceLists: DeviceLists): IqHandler {
  const answer = (protocol: string, number: string, byLid: boolean, asker: LinkedDevice): BinaryNode | undefined => {
    const exists = isOnWhatsApp(number);
    switch (protocol) {
      case 'contact':
        return node('contact', { type: exists ? 'in' : 'out' });
      case 'lid':
        // Asked by LID it is known already; only a phone number's answer carries it.
        return exists && !byLid ? node('lid', { val: userJid(number, 'lid') }) : undefined;
      case 'devices':
        return exists ? deviceLists.describe(network.directory.get(number), asker) : undefined;
      case 'status':
        return exists ? node('status', { t: '0' }, Buffer.from('Simulated')) : undefined;
      case 'disappearing_mode':
        return node('disappearing_mode', { duration: '0', t: '0' });
      default:
        return undefined;
    }
  };

  return (device, request) => {
    const usync = getBinaryNodeChild(request, 'usync');
    const query = getBinaryNodeChild(usync, 'query');
    const protocols = query ? getAllBinaryNodeChildren(query).map((child) => child.tag) : [];
    const users: BinaryNode[] = [];
    for (const user of getBinaryNodeChildren(getBinaryNodeChild(usync, 'list'), 'user')) {
      const found = identify(user);
      if (!found) continue;
      const parts = protocols.map((protocol) => answer(protocol, found.number, found.byLid, device));
      users.push(node('user', { jid: found.jid }, parts.filter((part) => part !== undefined)));
    }
    const attrs = { sid: usync?.attrs['sid'], index: '0', last: 'true', mode: usync?.attrs['mode'], context: usync?.attrs['context'] };
    const results = protocols.map((protocol) => node(protocol, {}));
    return iqResult(request, [node('usync', attrs, [node('result', {}, results), node('list', {}, users)])]);
  };
}

function identify(user: BinaryNode): { jid: string; number: string; byLid: boolean } | undefined {
  const jid = user.attrs['jid'];
  const address = parseUserJid(jid);
  if (jid && address) return { jid, number: address.number, byLid: address.server === 'lid' };
  const phone = bytesOf(getBinaryNodeChild(user, 'contact'))?.toString().replace(/\D/g, '');
  return phone ? { jid: userJid(phone, 's.whatsapp.net'), number: phone, byLid: false } : undefined;
}
