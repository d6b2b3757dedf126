import { downloadMediaMessage, getContentType, makeWASocket, normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { DomainError, isPassing } from '../../domain/errors.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { MediaStream } from '../../domain/messages/content.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { CiphertextMemos, ReceiveJournal } from '../../ports/journal.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { SessionStore } from '../../ports/session-store.js';
import type { SocketHandlers, WhatsAppClient } from '../../ports/whatsapp-client.js';
import { isPaired, openAuthState, type AuthState } from './auth-state.js';
import { createBaileysLogger } from './baileys-logger.js';
import { createSocketCaches } from './caches.js';
import { decodeCredentials } from './codec.js';
import { containFailedSessions } from './contain-failed-sessions.js';
import { readContent } from './content-reader.js';
import { createDecryptJournal } from './decrypt-journal.js';
import { createEncryptMemo } from './encrypt-memo.js';
import { keepToMediaHosts } from './media-origin.js';
import type { WhatsAppNetwork } from './network.js';
import { createReceivedStanzas, type ReceivedStanzas } from './received-stanzas.js';
import { createSignalRepositoryFactory } from './signal-repository.js';
import { createSessionBackups } from './session-backups.js';
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
  random: Random;
  logger: Logger;
  /** Whether this very tenure lasts: without that nobody logs in, and nothing is told to WhatsApp. */
  isCurrent: (tenure: Tenure) => boolean;
  /** The store can promise this tenure nothing any more: nothing is told to WhatsApp from then on, and it has to end, perhaps with the process. */
  onFatal: (tenure: Tenure, error: Error) => void;
}

/** WhatsApp through Baileys: opens sockets over stored sessions. */
export function createBaileysClient({ sessions, journal, memos, messages, network, clock, random, logger, isCurrent, onFatal }: BaileysClientParts): WhatsAppClient {
  containFailedSessions();
  const caches = new Map<string, { epoch: number; made: ReturnType<typeof createSocketCaches> }>();
  const openAuth = (tenure: Tenure) => openAuthState(sessions, tenure, error => onFatal(tenure, error));

  function signalOf(instanceId: string, { keys, creds, guard }: AuthState, stanzas: ReceivedStanzas, known: boolean) {
    return createSignalRepositoryFactory({
      keys,
      journal: createDecryptJournal({
        instanceId, stanzas, clock, logger, known,
        own: () => ({ id: creds.me?.id, lid: creds.me?.lid }),
        journal: { findPlaintext: (...query) => guard(() => journal.findPlaintext(...query)) },
      }),
      memo: createEncryptMemo({
        instanceId, clock,
        memos: { find: (...query) => guard(() => memos.find(...query)) },
        messages: { find: (...query) => guard(() => messages.find(...query)) },
      }),
    });
  }

  const takeUp = createTakeUp({
    journal, clock, logger,
    openRepository({ instanceId }, auth, stanzas) {
      const keys = { ...auth.keys, isInTransaction: () => false, transaction: <T>(exec: () => Promise<T>) => exec() };
      return signalOf(instanceId, auth, stanzas, true)({ creds: auth.creds, keys }, createBaileysLogger(logger), async () => []);
    },
  });

  /** What was cached in an earlier tenure may be old: another process has had the session since. */
  function cachesOf({ instanceId, epoch }: Tenure) {
    const known = caches.get(instanceId);
    if (known?.epoch === epoch) return known.made;
    const made = createSocketCaches();
    caches.set(instanceId, { epoch, made });
    return made;
  }

  async function hasSession(instanceId: string): Promise<boolean> {
    const stored = await sessions.readCredentials(instanceId);
    return stored !== null && isPaired(decodeCredentials(stored));
  }

  const backups = createSessionBackups({ sessions, clock, random });

  /** Does what ends a session, after handing over what it decrypted and nobody has seen. */
  async function endSession(tenure: Tenure, onMessage: SocketHandlers['onMessage'], end: (auth: AuthState) => Promise<void>): Promise<void> {
    const auth = await openAuth(tenure);
    const leftovers = await auth.orFailed(takeUp(tenure, auth, onMessage));
    auth.release();
    // Keys and states of a session that is gone are of no use to the next one.
    await journal.markDone(tenure, leftovers.flatMap(({ hashes }) => hashes), clock.now());
    caches.delete(tenure.instanceId);
    await end(auth);
  }

  return {
    async open(tenure, handlers) {
      const { instanceId } = tenure;
      const auth = await openAuth(tenure);
      const leftovers = await auth.orFailed(takeUp(tenure, auth, handlers.onMessage));
      const stanzas = createReceivedStanzas();
      const baileysLogger = createBaileysLogger(logger.child({ instanceId, part: 'baileys' }));
      const reach = await network.socketOptions();
      // All that may have taken long, and the process may have been paused in it.
      if (handlers.isWanted?.() === false) throw new DomainError('whatsapp_unavailable', 'This connection was given up before it was made.', { hint: 'Connect again.' });
      if (!isCurrent(tenure)) throw new DomainError('instance_unowned', `The instance "${instanceId}" is not this node's any more.`, { hint: 'Try again: its owner answers.' });
      const socket = makeWASocket({
        ...cachesOf(tenure),
        ...reach,
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
        instanceId, socket, auth, handlers, clock, stanzas, leftovers, isCurrent: () => isCurrent(tenure), onFatal: error => onFatal(tenure, error), logger, baileysLogger,
        markDone: hashes => auth.guard(() => journal.markDone(tenure, hashes, clock.now()))
          .catch((err: unknown) => logger[isPassing(err) ? 'debug' : 'warn']({ err, instanceId }, 'the journal could not be marked while the connection closed; its entries are replayed')),
      });
    },
    hasSession,
    async replay(tenure, onMessage) {
      const auth = await openAuth(tenure);
      await auth.orFailed(takeUp(tenure, auth, onMessage));
      auth.release();
    },
    wipeSession: (tenure, onMessage, { cause, unlinked }) => endSession(tenure, onMessage, ({ creds }) => sessions.wipe(tenure, backups.describe(creds, cause, unlinked))),
    async discardHalfMadeSession(tenure) {
      const stored = await sessions.readCredentials(tenure.instanceId);
      if (stored !== null && isPaired(decodeCredentials(stored))) return false;
      caches.delete(tenure.instanceId);
      await sessions.wipe(tenure);
      return stored !== null;
    },
    release: instanceId => caches.delete(instanceId),
    backUpSession: tenure => backups.backUp(tenure),
    restoreSession: (tenure, backupId, onMessage) => endSession(tenure, onMessage, () => backups.restore(tenure, backupId)),
    downloadMedia: async bytes => downloadMedia(bytes, network, logger),
  };
}

async function downloadMedia(bytes: Uint8Array, network: WhatsAppNetwork, logger: Logger): Promise<MediaStream> {
  const message = proto.WebMessageInfo.decode(bytes);
  const media = readContent(message.message)?.media;
  if (!media) throw new DomainError('media_not_found', 'This message has no media.', { hint: 'Ask for the media of an image, video, audio, document or sticker.' });
  const download = keepToMediaHosts(message.message, network.isMediaHost);
  if (!download) throw new DomainError('media_unavailable', 'The message says that its media is somewhere else than on WhatsApp\'s media hosts; it is not fetched from there.');
  const options = await network.mediaOptions();
  try {
    const stream = await downloadMediaMessage({ ...message, message: download } as WAMessage, 'stream', { options });
    return { stream, mimetype: media.mimetype, fileName: media.fileName ?? null, size: media.size ?? null };
  } catch (cause) {
    const content = normalizeMessageContent(message.message);
    logger.warn({ err: cause, messageId: message.key?.id, kind: content && getContentType(content) }, 'media could not be fetched');
    throw new DomainError('media_unavailable', 'WhatsApp\'s media host did not give the file.', {
      hint: 'Try again; media that is weeks old is gone from WhatsApp\'s servers unless the phone uploads it again.', cause,
    });
  }
}
