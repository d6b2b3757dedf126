import { downloadMediaMessage, getContentType, makeWASocket, normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.js';
import type { MediaStream } from '../../domain/messages/content.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { SessionStore } from '../../ports/session-store.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import { isPaired, openAuthState } from './auth-state.js';
import { createBaileysLogger } from './baileys-logger.js';
import { createSocketCaches } from './caches.js';
import { decodeCredentials } from './codec.js';
import { readContent } from './content-reader.js';
import type { WhatsAppNetwork } from './network.js';
import { createSignalRepositoryFactory } from './signal-repository.js';
import { wrapSocket } from './socket.js';

const CONNECT_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 25_000;

export interface BaileysClientParts {
  sessions: SessionStore;
  messages: Pick<MessageStore, 'find'>;
  network: WhatsAppNetwork;
  logger: Logger;
}

/** WhatsApp through Baileys: opens sockets over stored sessions. */
export function createBaileysClient({ sessions, messages, network, logger }: BaileysClientParts): WhatsAppClient {
  const caches = new Map<string, ReturnType<typeof createSocketCaches>>();

  function cachesOf(instanceId: string) {
    const made = caches.get(instanceId) ?? createSocketCaches();
    caches.set(instanceId, made);
    return made;
  }

  async function hasSession(instanceId: string): Promise<boolean> {
    const stored = await sessions.readCredentials(instanceId);
    return stored !== null && isPaired(decodeCredentials(stored));
  }

  async function wipeSession(instanceId: string): Promise<void> {
    caches.delete(instanceId);
    await sessions.wipe(instanceId);
  }

  return {
    async open(instanceId, handlers) {
      const auth = await openAuthState(sessions, instanceId);
      const baileysLogger = createBaileysLogger(logger.child({ instanceId, part: 'baileys' }));
      const socket = makeWASocket({
        ...cachesOf(instanceId),
        ...await network.socketOptions(),
        auth,
        logger: baileysLogger,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        keepAliveIntervalMs: KEEP_ALIVE_MS,
        // Online devices silence the phone's notifications.
        markOnlineOnConnect: false,
        syncFullHistory: false,
        generateHighQualityLinkPreview: false,
        makeSignalRepository: createSignalRepositoryFactory(auth.keys),
        getMessage: async key => {
          const stored = key.id ? await messages.find(instanceId, key.id) : null;
          return stored?.proto ? proto.WebMessageInfo.decode(stored.proto).message ?? undefined : undefined;
        },
      });
      return wrapSocket({ instanceId, socket, auth, handlers, logger, baileysLogger });
    },
    hasSession,
    wipeSession,
    async discardHalfMadeSession(instanceId) {
      if (!await hasSession(instanceId)) await wipeSession(instanceId);
    },
    downloadMedia: async bytes => downloadMedia(bytes, await network.mediaOptions(), logger),
  };
}

async function downloadMedia(bytes: Uint8Array, options: RequestInit, logger: Logger): Promise<MediaStream> {
  const message = proto.WebMessageInfo.decode(bytes);
  const media = readContent(message.message)?.media;
  if (!media) throw new DomainError('media_not_found', 'This message has no media.', { hint: 'Ask for the media of an image, video, audio, document or sticker.' });
  try {
    const stream = await downloadMediaMessage(message as WAMessage, 'stream', { options });
    return { stream, mimetype: media.mimetype, fileName: media.fileName ?? null, size: media.size ?? null };
  } catch (cause) {
    const content = normalizeMessageContent(message.message);
    logger.warn({ err: cause, messageId: message.key?.id, kind: content && getContentType(content) }, 'media could not be fetched');
    throw new DomainError('media_unavailable', 'WhatsApp\'s media host did not give the file.', {
      hint: 'Try again; media that is weeks old is gone from WhatsApp\'s servers unless the phone uploads it again.', cause,
    });
  }
}
