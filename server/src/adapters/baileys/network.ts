import { Agent as HttpsAgent } from 'node:https';
import { fetchLatestBaileysVersion, WA_CERT_DETAILS, type UserFacingSocketConfig, type WAVersion } from '@whiskeysockets/baileys';
import { Agent as Dispatcher } from 'undici';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError } from '../../domain/errors.js';
import { atMost } from './time-limit.js';

const VERSION_TIMEOUT_MS = 5_000;

/** The network a process talks to: WhatsApp itself, or a simulator. Never both: what Baileys trusts is one setting per process. */
export interface WhatsAppNetwork {
  /** What a socket needs to reach this network, looked up anew for each one. @throws DomainError `whatsapp_unavailable` */
  socketOptions(): Promise<Partial<UserFacingSocketConfig>>;
  /** Options for media requests. */
  mediaOptions(): Promise<RequestInit>;
  /** Whether media of this network are served there. */
  isMediaHost(hostname: string): boolean;
  close(): Promise<void>;
}

/** `pinned` is the version that Baileys ships; `latest` asks the internet for it at each connect. */
export type VersionChoice = 'pinned' | 'latest' | WAVersion;

export function createLiveNetwork(version: VersionChoice): WhatsAppNetwork {
  return {
    async socketOptions() {
      if (version === 'pinned') return {};
      if (version !== 'latest') return { version };
      // Without an answer from the internet it is the pinned one.
      const latest = await atMost(VERSION_TIMEOUT_MS, fetchLatestBaileysVersion());
      return latest ? { version: latest.version } : {};
    },
    mediaOptions: async () => ({}),
    isMediaHost: hostname => /(^|\.)whatsapp\.net$/.test(hostname),
    close: async () => {},
  };
}

const Trust = Type.Object({ webSocketUrl: Type.String(), rootPublicKey: Type.String(), mediaCa: Type.String() });

interface TrustedSimulator {
  webSocketUrl: string;
  mediaCa: string;
  uploads: HttpsAgent;
  downloads: Dispatcher;
}

/**
 * A simulator on this machine. What it says of itself is asked before each connection, because a simulator that was started again
 * has new keys.
 * @param simulatorUrl its control address
 */
export function createSandboxNetwork(simulatorUrl: string): WhatsAppNetwork {
  let known: TrustedSimulator | null = null;

  async function trust(): Promise<TrustedSimulator> {
    const told = await askForTrust(simulatorUrl);
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(told.rootPublicKey, 'hex');
    if (known?.mediaCa !== told.mediaCa) {
      await release();
      known = {
        webSocketUrl: told.webSocketUrl,
        mediaCa: told.mediaCa,
        uploads: new HttpsAgent({ ca: told.mediaCa }),
        downloads: new Dispatcher({ connect: { ca: told.mediaCa } }),
      };
    }
    return { ...known, webSocketUrl: told.webSocketUrl };
  }

  async function release(): Promise<void> {
    known?.uploads.destroy();
    await known?.downloads.close().catch(() => {});
    known = null;
  }

  return {
    async socketOptions() {
      const simulator = await trust();
      return { waWebSocketUrl: simulator.webSocketUrl, fetchAgent: simulator.uploads, options: through(simulator) };
    },
    mediaOptions: async () => through(await trust()),
    isMediaHost: hostname => ['127.0.0.1', 'localhost', '[::1]'].includes(hostname),
    close: release,
  };
}

/** Node's own fetch takes this dispatcher; its types come from another release of undici. */
function through(simulator: TrustedSimulator): RequestInit {
  return { dispatcher: simulator.downloads as unknown as NonNullable<RequestInit['dispatcher']> };
}

async function askForTrust(simulatorUrl: string) {
  try {
    const response = await fetch(new URL('/trust', simulatorUrl), { signal: AbortSignal.timeout(5_000) });
    return Value.Parse(Trust, await response.json());
  } catch (cause) {
    throw new DomainError('whatsapp_unavailable', `No simulator answers at ${simulatorUrl}.`, {
      hint: 'Start one with: npm run simulator', cause,
    });
  }
}
