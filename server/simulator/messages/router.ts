import { getBinaryNodeChild, getBinaryNodeChildren, jidDecode, type BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { isOnWhatsApp, parseUserJid, type UserServer } from '../jids.js';
import type { Network } from '../network.js';
import type { Delivery } from './delivery.js';
import type { Reader } from './reader.js';
import type { GroupRouter } from './group-router.js';
import { messageStanza, passedOn } from './stanzas.js';
import { node } from '../nodes.js';

/** Why a message is refused: to a group that the account is not in, and to what is not there. */
const NOT_AUTHORIZED = 401;
const NOT_FOUND = 404;

/** Acknowledges the messages of clients and brings each part to the device it was encrypted for. */
export interface Router {
  route(device: LinkedDevice, stanza: BinaryNode): void;
}

export function createRouter(network: Network, delivery: Delivery, reader: Reader, groupRouter: GroupRouter): Router {
  const { stats, faults, timers } = network;

  /** Answers the client; false if the message was refused. */
  const acknowledge = (device: LinkedDevice, stanza: BinaryNode, refusal?: number): boolean => {
    const number = device.account.number;
    const connection = device.connection;
    const error = refusal ?? (faults.take('ack-error', number)?.code ?? undefined);
    const attrs = { class: 'message', id: stanza.attrs['id'], from: stanza.attrs['to'], t: unixSeconds(network.clock), error: error?.toString() };
    if (faults.take('drop-ack', number)) {
      stats.acksDropped += 1;
      return error === undefined;
    }
    const send = () => connection?.send(node('ack', attrs));
    const delay = faults.take('delay-ack', number);
    if (delay) timers.after(delay.ms ?? 0, send);
    else send();
    if (error === undefined) stats.acks += 1;
    else stats.ackErrors += 1;
    return error === undefined;
  };

  const deliverPart = (device: LinkedDevice, stanza: BinaryNode, jid: string, enc: BinaryNode, server: UserServer) => {
    const target = parseUserJid(jid);
    if (!target || !isOnWhatsApp(target.number) || !(enc.content instanceof Uint8Array)) return;
    const account = network.directory.get(target.number);
    if (target.device === 0) {
      reader.receiveSealed(account, { from: device, stanza, encs: [enc], server });
      return;
    }
    const linked = account.devices.get(target.device);
    if (!linked) return;
    const chat = parseUserJid(stanza.attrs['recipient'] ?? stanza.attrs['to']);
    const address = {
      from: { number: device.account.number, device: device.id },
      recipient: account === device.account ? chat?.number : undefined,
      server,
    };
    const attrs = { id: stanza.attrs['id'] ?? '', t: unixSeconds(network.clock), type: stanza.attrs['type'] ?? 'text', notify: device.account.name };
    const identity = getBinaryNodeChild(stanza, 'device-identity');
    const message = messageStanza(address, attrs, enc.attrs['type'] === 'pkmsg' && identity ? [enc, identity] : [enc]);
    delivery.deliver(linked, { ...message, attrs: { ...message.attrs, ...passedOn(stanza) } });
  };

  const routeToUser = (device: LinkedDevice, stanza: BinaryNode) => {
    const to = stanza.attrs['to'] ?? '';
    const server = jidDecode(to)?.server === 'lid' ? 'lid' : 's.whatsapp.net';
    const fanOut = getBinaryNodeChildren(getBinaryNodeChild(stanza, 'participants'), 'to');
    for (const part of fanOut) {
      const enc = getBinaryNodeChild(part, 'enc');
      if (enc) deliverPart(device, stanza, part.attrs['jid'] ?? '', enc, server);
    }
    // Without a fan-out it is for one device: a message sent again, or a request to the own phone.
    const enc = getBinaryNodeChild(stanza, 'enc');
    if (enc) deliverPart(device, stanza, to, enc, server);
  };

  const routeToGroup = (device: LinkedDevice, stanza: BinaryNode) => {
    const group = network.groups.find(stanza.attrs['to']);
    if (!group) acknowledge(device, stanza, NOT_FOUND);
    else if (!group.members.includes(device.account.number)) acknowledge(device, stanza, NOT_AUTHORIZED);
    else if (acknowledge(device, stanza)) groupRouter.route(device, stanza, group);
  };

  return {
    route(device, stanza) {
      stats.messagesFromClients += 1;
      switch (jidDecode(stanza.attrs['to'] ?? '')?.server) {
        case 's.whatsapp.net':
        case 'lid':
          if (acknowledge(device, stanza)) routeToUser(device, stanza);
          break;
        case 'g.us':
          routeToGroup(device, stanza);
          break;
        default:
          // Status and newsletters: there is nobody to bring it to.
          acknowledge(device, stanza, NOT_FOUND);
      }
    },
  };
}
