import type { MediaStream, OutgoingContent } from '../domain/messages/content.js';
import type { AckStatus } from '../domain/messages/message.js';
import type { CloseCause } from '../domain/instances/reconnect-policy.js';
import type { Backup, SessionEnd } from '../domain/instances/backup.js';
import type { Tenure } from '../domain/instances/tenure.js';
import type { MessageReceivedData } from '../domain/events/event.js';

/**
 * One connection attempt to WhatsApp for one instance. A socket is used once: after `onClose`, or `close()`, it stays
 * silent, and a new one is made. What writes the session belongs to the owner's tenure, and comes to nothing when that is over.
 */
export interface WhatsAppClient {
  /**
   * Opens a socket with the stored session, or makes half a session that shows a QR. First hands over what an earlier connection
   * decrypted and nobody has seen (`replay`). Resolves once handlers are wired.
   */
  open(tenure: Tenure, handlers: SocketHandlers): Promise<WhatsAppSocket>;
  /** Whether a usable session is stored: paired and not half-made. */
  hasSession(instanceId: string): Promise<boolean>;
  /**
   * Hands over the messages that were decrypted and that nobody has seen, as after a crash, in their order. WhatsApp believes them delivered.
   * @throws what `onMessage` throws; a message with which it fails again and again is given up
   */
  replay(tenure: Tenure, onMessage: SocketHandlers['onMessage']): Promise<void>;
  /**
   * Deletes the stored session, good or half-made; a good one is backed up in the same commit. First hands over what it decrypted and nobody has
   * seen (`replay`).
   */
  wipeSession(tenure: Tenure, onMessage: SocketHandlers['onMessage'], end: SessionEnd): Promise<void>;
  /** Deletes the stored session if it was never fully paired; keeps good credentials. Answers whether there was one to delete. */
  discardHalfMadeSession(tenure: Tenure): Promise<boolean>;
  /** Lets go of what is kept in memory for the sockets of an instance that has none; answers whether there was anything. */
  release(instanceId: string): boolean;
  /** Keeps a copy of a usable session's credentials. @throws DomainError `no_session` */
  backUpSession(tenure: Tenure): Promise<Backup>;
  /**
   * Puts the identity in a backup in the place of the session: the same linked device, with new pre-keys and without the sessions of any chat, since
   * going on with old ones would break those chats. A good session that was there is backed up in the same commit. To be called when no socket of the
   * instance is open; first hands over what is left (`replay`).
   * @throws DomainError `backup_not_restorable`
   */
  restoreSession(tenure: Tenure, backupId: string, onMessage: SocketHandlers['onMessage']): Promise<void>;
  /** Fetches and decrypts the media of a stored message; needs no open socket. @throws DomainError `media_unavailable`, `media_not_found` */
  downloadMedia(proto: Uint8Array): Promise<MediaStream>;
}

export interface SocketHandlers {
  /** Whether the socket that is being opened is still of use: asked before it speaks to WhatsApp. */
  isWanted?(): boolean;
  onQr(qr: string, lifetimeMs: number): void;
  /** The code was accepted; WhatsApp closes with `restart_required` next. */
  onPaired(): void;
  onOpen(account: Account): void;
  /** Everything that waited for this device while it was offline has arrived. */
  onCaughtUp(): void;
  onClose(close: SocketClose): void;
  /** Resolves when the message is durable. */
  onMessage(message: IncomingMessage): Promise<void>;
  /** WhatsApp's acknowledgement of a stanza that was sent, or its refusal. */
  onServerAck(ack: ServerAck): Promise<void>;
  onReceipt(receipt: Receipt): Promise<void>;
  /** Anything arrived; for `lastSeen`. */
  onActivity(): void;
}

export interface Account { phoneNumber: string; lid: string | null; name: string | null }

export interface SocketClose {
  cause: CloseCause;
  /** WhatsApp's or the transport's own code, for logs and people. */
  code: number | null;
  message: string;
}

export interface ServerAck {
  messageId: string;
  /** Set when WhatsApp refused, e.g. 463. */
  errorCode: number | null;
}

export interface Receipt {
  messageIds: string[];
  status: Exclude<AckStatus, 'sent' | 'failed'>;
}

/** An incoming message, decrypted, with both addresses resolved as far as they can be known. */
export interface IncomingMessage {
  messageId: string;
  /** Canonical chat JID (StoredMessage.chatId). */
  chatId: string;
  /** The chat's other name, phone number or LID: the same message may have come under it. */
  otherChatId: string | null;
  senderJid: string;
  /** The sender's other name, as `otherChatId`. */
  otherSenderJid: string | null;
  timestamp: number;
  type: string;
  proto: Uint8Array;
  /** null when it is stored but is not an event: own, history, status or newsletter traffic. */
  event: MessageReceivedData | null;
  /** Journal entries that are done with it (`MessageOrigin`). */
  journaled: string[];
}

export interface LookUp { exists: boolean; jid: string; lid: string | null }

/** A message made ready for the wire: media uploaded, protobuf encoded, identity fixed. */
export interface PreparedMessage { proto: Uint8Array; timestamp: number }

export interface WhatsAppSocket {
  /** Asks WhatsApp which account a phone number is. @throws DomainError `whatsapp_unavailable` */
  lookUp(digits: string): Promise<LookUp>;
  /** Whether the group exists and the account is in it. @throws DomainError `whatsapp_unavailable` */
  isMemberOf(jid: string): Promise<boolean>;
  /**
   * Uploads media and encodes the message. Nothing was sent yet.
   * @throws DomainError `whatsapp_unavailable`, `media_unavailable`
   */
  prepare(message: { messageId: string; jid: string; content: OutgoingContent; quoted: Uint8Array | null }): Promise<PreparedMessage>;
  /**
   * Encrypts and writes to the wire; resolving is no acknowledgement. A message that goes out again under its id is the same
   * ciphertext to every device that was written to before.
   * @param message.again it may have been written before; only then an earlier ciphertext is looked for
   * @param message.permit it is on disk and may go out: nothing leaves before it resolves to true; false, or a rejection, gives the message up
   * @param message.turn called when the message could leave; the same for its place in an order: it may take long, and holds up nothing but this message
   * @throws DomainError `whatsapp_unavailable`
   */
  relay(message: { messageId: string; jid: string; proto: Uint8Array; permit?: Promise<boolean>; turn?: () => Promise<boolean>; again?: boolean }): Promise<void>;
  /** @param digits the phone's own number */
  requestPairingCode(digits: string): Promise<string>;
  /** Whether WhatsApp answers a ping within `timeoutMs`. */
  probe(timeoutMs: number): Promise<boolean>;
  /** For how long WhatsApp has answered nothing that it was asked, whatever else it said, in milliseconds. */
  unansweredFor(): number;
  /** Unlinks this device at WhatsApp; the session is useless afterwards. */
  logout(): Promise<void>;
  /** Closes and releases everything; no handler is called afterwards. Idempotent. */
  close(): Promise<void>;
}
