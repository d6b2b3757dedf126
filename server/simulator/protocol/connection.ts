import { decodeBinaryNode, encodeBinaryNode, type BinaryNode } from '@whiskeysockets/baileys';
import type { WebSocket } from 'ws';
import type { LinkedDevice } from '../accounts/linked-device.js';
import type { Network } from '../network.js';
import type { NoiseIdentity } from '../noise/certificates.js';
import { createFrameReader, encodeFrame } from '../noise/frames.js';
import { createHandshake, type ClientIdentity, type NoiseTransport } from '../noise/handshake.js';
import { node } from '../nodes.js';

/** One client's WebSocket, from the handshake to the close. */
export interface Connection {
  /** Counts up from 1. */
  readonly id: number;
  /** The device that logged in on it. */
  device?: LinkedDevice | undefined;
  /** A mute connection hears and says nothing, and stays open. */
  muted: boolean;
  send(stanza: BinaryNode): void;
  /** Sends a last stanza, if given, and closes. */
  end(stanza?: BinaryNode): void;
  /** Drops the TCP connection. */
  terminate(): void;
}

export interface ConnectionEvents {
  identified(connection: Connection, client: ClientIdentity): void;
  stanza(connection: Connection, stanza: BinaryNode): void | Promise<void>;
  closed(connection: Connection): void;
}

/** Runs the Noise handshake on a new WebSocket, then passes its stanzas on one after another. */
export function createConnection(socket: WebSocket, id: number, identity: NoiseIdentity, network: Network, events: ConnectionEvents): Connection {
  const frames = createFrameReader();
  const handshake = createHandshake(identity);
  let transport: NoiseTransport | undefined;
  let greeted = false;
  let inbound: Promise<void> = Promise.resolve();

  const record = (event: 'in' | 'out' | 'swallowed', stanza: BinaryNode) =>
    network.log.add({ event, socket: id, ...who(connection), node: stanza });

  const connection: Connection = {
    id,
    muted: false,
    send(stanza) {
      if (!transport || socket.readyState !== socket.OPEN) return;
      record(connection.muted ? 'swallowed' : 'out', stanza);
      // Swallowed before it is encrypted: the counters of both sides stay in step.
      if (!connection.muted) socket.send(encodeFrame(transport.encrypt(encodeBinaryNode(stanza))));
    },
    end(stanza) {
      if (stanza) connection.send(stanza);
      socket.close();
    },
    terminate: () => socket.terminate(),
  };

  const receive = async (frame: Buffer) => {
    if (transport) {
      const stanza = await decodeBinaryNode(transport.decrypt(frame));
      record(connection.muted ? 'swallowed' : 'in', stanza);
      if (!connection.muted) await events.stanza(connection, stanza);
    } else if (!greeted) {
      greeted = true;
      const hello = handshake.hello(frame);
      if (!connection.muted) socket.send(encodeFrame(hello));
    } else {
      const client = handshake.finish(frame);
      transport = client.transport;
      events.identified(connection, client);
    }
  };

  const fail = (error: unknown) => {
    network.log.add({ event: 'error', socket: id, ...who(connection), detail: error instanceof Error ? error.message : String(error) });
    network.logger.warn({ err: error, socket: id }, 'connection failed');
    socket.terminate();
  };

  socket.on('message', (data: Buffer) => {
    // One chain for each connection: decoding is asynchronous, the order must stay.
    inbound = inbound
      .then(async () => {
        for (const frame of frames.push(data)) await receive(frame);
      })
      .catch(fail);
  });
  socket.on('error', (error) => network.logger.debug({ err: error, socket: id }, 'socket error'));
  socket.on('close', (code) => {
    network.log.add({ event: 'close', socket: id, ...who(connection), detail: code.toString() });
    events.closed(connection);
  });
  return connection;
}

/** Says that another connection of the same device took over (440 to the client). */
export const replacedStanza = (): BinaryNode => node('stream:error', {}, [node('conflict', { type: 'replaced' })]);

/** Says that the device was unlinked (401 to the client). */
export const removedStanza = (): BinaryNode => node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })]);

function who(connection: Connection): { phone?: string; device?: number } {
  const { device } = connection;
  return device ? { phone: device.account.number, device: device.id } : {};
}
