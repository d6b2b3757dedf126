import type { BinaryNode } from '@whiskeysockets/baileys';
import type { WebSocket } from 'ws';
import type { LinkedDevice } from '../accounts/linked-device.js';
import type { Delivery } from '../messages/delivery.js';
import type { Receipts } from '../messages/receipts.js';
import type { Router } from '../messages/router.js';
import type { Network } from '../network.js';
import type { NoiseIdentity } from '../noise/certificates.js';
import { createConnection, type Connection } from './connection.js';
import type { Linking } from './linking.js';
import { detach, logIn } from './login.js';
import type { PairingCodes } from './pairing-code.js';
import type { Registrations } from './registration.js';

export interface ServerDeps {
  network: Network;
  identity: NoiseIdentity;
  registrations: Registrations;
  linking: Linking;
  pairingCodes: PairingCodes;
  iq(device: LinkedDevice, request: BinaryNode): void;
  router: Router;
  receipts: Receipts;
  delivery: Delivery;
}

/** Takes new WebSockets and passes each stanza to the part that is responsible for it. */
export interface ProtocolServer {
  /** @param port from which the client connected */
  accept(socket: WebSocket, port?: number): Connection;
}

export function createProtocolServer(deps: ServerDeps): ProtocolServer {
  const { network, registrations, linking, pairingCodes, delivery } = deps;

  const ofUnlinked = (connection: Connection, stanza: BinaryNode) => {
    if (stanza.tag !== 'iq' || linking.answer(connection, stanza)) return;
    if (stanza.attrs['type'] === 'set' && stanza.attrs['xmlns'] === 'md') pairingCodes.handle(connection, stanza);
  };

  const ofDevice = (device: LinkedDevice, stanza: BinaryNode) => {
    switch (stanza.tag) {
      case 'iq':
        // Deaf to what is asked: everything else still comes and goes.
        if (network.faults.take('unanswered', device.account.number)) break;
        if (stanza.attrs['type'] === 'get' || stanza.attrs['type'] === 'set' || stanza.attrs['xmlns']) deps.iq(device, stanza);
        break;
      case 'message':
        deps.router.route(device, stanza);
        break;
      case 'receipt':
        deps.receipts.receive(device, stanza);
        break;
      case 'ack':
        delivery.acknowledged(device, stanza);
        break;
      case 'presence':
        if (stanza.attrs['name']) device.account.name = stanza.attrs['name'];
        break;
      default:
        // `ib`, `chatstate` and the like need no answer.
        break;
    }
  };

  return {
    accept(socket, port) {
      network.stats.sockets += 1;
      const connection = createConnection(socket, network.stats.sockets, deps.identity, network, {
        identified(opened, client) {
          if (client.payload.devicePairingData) {
            network.log.add({ event: 'registration', socket: opened.id });
            registrations.open(opened, client);
          } else {
            logIn(opened, client, network);
          }
        },
        stanza(opened, stanza) {
          const { device } = opened;
          if (!device) ofUnlinked(opened, stanza);
          // What a replaced connection still says is not heard any more.
          else if (device.connection === opened) ofDevice(device, stanza);
        },
        closed(gone) {
          network.connections.delete(gone);
          detach(gone);
          linking.abandon(gone);
          pairingCodes.abandon(gone);
          registrations.close(gone);
        },
      });
      network.connections.add(connection);
      // Before the login nobody knows whose connection it is: only a fault for all can mute it from the start.
      if (network.faults.take('mute', undefined)) connection.muted = true;
      network.log.add({ event: 'open', socket: connection.id, ...(port === undefined ? {} : { port }) });
      return connection;
    },
  };
}
