import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { assemble } from './assembly.js';
import { systemClock, type Clock } from './clock.js';
import { createControlApp } from './control/app.js';
import type { SimulatorControls, StatsView, Trust } from './controls.js';
import { createMediaHost } from './media/host.js';
import { createMediaStore } from './media/store.js';
import { createNetwork, type Network, type SimulatorLogger } from './network.js';
import { createNoiseIdentity } from './noise/certificates.js';
import { acceptUpgrades, SOCKET_PATH } from './protocol/upgrade.js';

export type { Clock } from './clock.js';
export type { SimulatorControls, StatsView, Trust } from './controls.js';
export { ControlError } from './errors.js';
export type { FaultKind, FaultRequest } from './faults.js';
export type { SimulatorLogger } from './network.js';
export { silenceLibsignal } from './signal/quiet.js';

export interface SimulatorOptions {
  /** A loopback address; the control API has no key. Default 127.0.0.1. */
  host?: string;
  /** One port for the control API and the WebSocket; 0 (default) takes any. */
  port?: number;
  /** The port of the HTTPS media host; 0 (default) takes any. */
  mediaPort?: number;
  logger?: SimulatorLogger;
  clock?: Clock;
  /** How long the first QR code lives (default 60,000 ms), and each further one (20,000 ms). */
  firstQrMs?: number;
  nextQrMs?: number;
  /** How many QR codes a client may show before it has to connect again. Default 6. */
  qrRefs?: number;
  /** Whether stanzas name contacts by LID (default, as WhatsApp does today) or by phone number. */
  addressing?: 'pn' | 'lid';
  /** Lets a new client upload 5 pre-keys instead of 812, which is most of what pairing costs it. Default false. */
  quickPairing?: boolean;
}

export interface Simulator extends SimulatorControls {
  /** Starts listening; a second call does nothing more. Rejects, with nothing left open, if a port is taken. */
  start(): Promise<void>;
  /** Closes all connections and servers; a second call does nothing. */
  stop(): Promise<void>;
  /** The address of the control API, once started. */
  readonly controlUrl: string;
}

const SILENT: SimulatorLogger = { debug: () => {}, info: () => {}, warn: () => {} };
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/**
 * Makes a WhatsApp network for Baileys: phones, contacts, a server and a media host in this process.
 * @throws RangeError if the host is not a loopback address
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const host = options.host ?? '127.0.0.1';
  if (!LOOPBACK.test(host)) throw new RangeError(`The simulator listens on loopback addresses only, not on ${host}.`);
  const clock = options.clock ?? systemClock;
  const network = createNetwork(clock, options.logger ?? SILENT);
  const identity = createNoiseIdentity(clock.now());
  const store = createMediaStore();
  const media = createMediaHost(network, store, host, options.mediaPort ?? 0);
  const { protocol, phones, contacts, groups, faults } = assemble({
    network,
    identity,
    store,
    host: media,
    addressing: options.addressing ?? 'lid',
    quickPairing: options.quickPairing ?? false,
    registration: { refs: options.qrRefs ?? 6, firstQrMs: options.firstQrMs ?? 60_000, nextQrMs: options.nextQrMs ?? 20_000 },
  });

  let app: FastifyInstance | undefined;
  let started: Promise<void> | undefined;
  let closeSockets = async () => {};
  let authority = '';

  const trust = (): Trust => ({
    webSocketUrl: `ws://${authority}${SOCKET_PATH}`,
    rootPublicKey: identity.rootPublicKey.toString('hex'),
    mediaCa: media.ca,
  });
  const controls: SimulatorControls = {
    get trust() {
      return trust();
    },
    phones,
    contacts,
    groups,
    faults,
    stats: () => statsOf(network),
    log: (query) => network.log.read(query),
  };

  const listen = async () => {
    const starting = createControlApp(controls);
    app = starting;
    await media.start();
    closeSockets = acceptUpgrades(starting.server, network, protocol);
    await starting.listen({ host, port: options.port ?? 0 });
    const address = starting.server.address() as AddressInfo;
    authority = `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  };
  const close = async () => {
    const running = app;
    app = undefined;
    network.timers.clear();
    await closeSockets();
    await running?.close();
    await media.stop();
  };

  return {
    ...controls,
    get trust() {
      return trust();
    },
    get controlUrl() {
      return `http://${authority}`;
    },
    start() {
      started ??= listen().catch(async (error: unknown) => {
        started = undefined;
        await close();
        throw error;
      });
      return started;
    },
    async stop() {
      const pending = started;
      if (!pending) return;
      started = undefined;
      // A start that fails cleans up after itself.
      await pending.then(close, () => {});
    },
  };
}

function statsOf(network: Network): StatsView {
  const phones = network.directory.phones();
  const devices = phones.flatMap((phone) => [...phone.devices.values()]);
  return {
    ...network.stats,
    openSockets: network.connections.size,
    connectedDevices: devices.filter((device) => device.connection).length,
    linkedDevices: devices.length,
    phones: phones.length,
    numbers: network.directory.size,
  };
}
