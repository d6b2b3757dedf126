import { downloadMediaMessage, getContentType, makeWASocket, normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.js';
import type { MediaStream } from '../../domain/messages/content.js';
import type { Clock } from '../../ports/clock.js';
import type { CiphertextMemos, ReceiveJournal } from '../../ports/journal.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { SessionStore } from '../../ports/session-store.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import { isPaired, openAuthState, type AuthState } from './auth-state.js';
import { createBaileysLogger } from './baileys-logger.js';
import { createSocketCaches } from './caches.js';
import { decodeCredentials } from './codec.js';
import { containFailedSessions } from './contain-failed-sessions.js';
import { readContent } from './content-reader.js';
import { createDecryptJournal } from './decrypt-journal.js';
import { createEncryptMemo } from './encrypt-memo.js';
import type { WhatsAppNetwork } from './network.js';
import { createReceivedStanzas, type ReceivedStanzas } from './received-stanzas.js';
import { createSignalRepositoryFactory } from './signal-repository.js';
import { wrapSocket } from './socket.js';
import { createTakeUp } from './take-up.js';

const KEEP_ALIVE_MS = 25_000;

export interface BaileysClientParts {
  sessions: SessionStore;
  journal: ReceiveJournal;
  memos: CiphertextMemos;
  messages: Pick<MessageStore, 'find'>;
  network: WhatsAppNetwork;
  clock: Clock;
  logger: Logger;
  /** The store can promise nothing any more: nothing is told to WhatsApp from then on, and the process has to end. */
  onFatal: (error: Error) => void;
}

/** WhatsApp through Baileys: opens sockets over stored sessions. */
export function createBaileysClient({ sessions, journal, memos, messages, network, clock, logger, onFatal }: BaileysClientParts): WhatsAppClient {
  containFailedSessions();
  const caches = new Map<string, ReturnType<typeof createSocketCaches>>();
  const openAuth = (instanceId: string) => openAuthState(sessions, instanceId, onFatal);

  function signalOf(instanceId: string, { keys, creds, guard }: AuthState, stanzas: ReceivedStanzas, known: boolean) {
    return createSignalRepositoryFactory({
      keys,
      journal: createDecryptJournal({
        instanceId, stanzas, clock, logger, known,
        own: () => ({ id: creds.me?.id, lid: creds.me?.lid }),
        journal: { findPlaintext: (...query) => guard(() => journal.findPlaintext(...query)) },
      }),
      memo: createEncryptMemo({ instanceId, clock, memos: { find: (...query) => guard(() => memos.find(...query)) } }),
    });
  }

  const takeUp = createTakeUp({
    journal, clock, logger,
    openRepository(instanceId, auth, stanzas) {
      const keys = { ...auth.keys, isInTransaction: () => false, transaction: <T>(exec: () => Promise<T>) => exec() };
      return signalOf(instanceId, auth, stanzas, true)({ creds: auth.creds, keys }, createBaileysLogger(logger), async () => []);
    },
  });

  function cachesOf(instanceId: string) {
    const made = caches.get(instanceId) ?? createSocketCaches();
    caches.set(instanceId, made);
    return made;
  }

  async function hasSession(instanceId: string): Promise<boolean> {
    const stored = await sessions.readCredentials(instanceId);
    return stored !== null && isPaired(decodeCredentials(stored));
  }

  async function wipe(instanceId: string): Promise<void> {
    caches.delete(instanceId);
    await sessions.wipe(instanceId);
  }

  return {
    async open(instanceId, handlers) {
      const auth = await openAuth(instanceId);
      const leftovers = await takeUp(instanceId, auth, handlers.onMessage);
      const stanzas = createReceivedStanzas();
      const baileysLogger = createBaileysLogger(logger.child({ instanceId, part: 'baileys' }));
      const socket = makeWASocket({
        ...cachesOf(instanceId),
        ...await network.socketOptions(),
        auth,
        logger: baileysLogger,
        // The session has a watchdog of its own. Baileys would take this for the limit of each single frame, too, and note a stack for it.
        connectTimeoutMs: 0,
        keepAliveIntervalMs: KEEP_ALIVE_MS,
        // Online devices silence the phone's notifications.
        markOnlineOnConnect: false,
        syncFullHistory: false,
        generateHighQualityLinkPreview: false,
        makeSignalRepository: signalOf(instanceId, auth, stanzas, false),
        getMessage: async key => {
          const stored = key.id ? await messages.find(instanceId, key.id) : null;
          return stored?.proto ? proto.WebMessageInfo.decode(stored.proto).message ?? undefined : undefined;
        },
      });
      return wrapSocket({
        instanceId, socket, auth, handlers, stanzas, leftovers, onFatal, logger, baileysLogger,
        markDone: hashes => auth.guard(() => journal.markDone(instanceId, hashes, clock.now()))
          .catch((err: unknown) => logger.warn({ err, instanceId }, 'the journal could not be marked while the connection closed; its entries are replayed')),
      });
    },
    hasSession,
    async replay(instanceId, onMessage) {
      const auth = await openAuth(instanceId);
      await takeUp(instanceId, auth, onMessage);
      auth.release();
    },
    async wipeSession(instanceId, onMessage) {
      const auth = await openAuth(instanceId);
      const leftovers = await takeUp(instanceId, auth, onMessage);
      auth.release();
      // Keys and states of a session that is gone are of no use to the next one.
      await journal.markDone(instanceId, leftovers.flatMap(({ hashes }) => hashes), clock.now());
      await wipe(instanceId);
    },
    async discardHalfMadeSession(instanceId) {
      if (!await hasSession(instanceId)) await wipe(instanceId);
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
