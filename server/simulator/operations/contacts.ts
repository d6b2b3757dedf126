import type { Account, AutoReply } from '../accounts/account.js';
import type { InboxMessage, MessageView } from '../accounts/inbox.js';
import type { SentMessage } from '../accounts/sent-messages.js';
import { ControlError } from '../errors.js';
import { isOnWhatsApp, normaliseNumber, userJid, type UserServer } from '../jids.js';
import type { MediaHost } from '../media/host.js';
import type { MediaStore } from '../media/store.js';
import { composeMessage, type MessageInput } from '../messages/compose.js';
import type { Receipts } from '../messages/receipts.js';
import type { Sender } from '../messages/sender.js';
import type { Network } from '../network.js';
import type { Phones } from './phones.js';

export type WriteRequest = MessageInput & {
  to: string;
  /** Any id instead of a new one. */
  messageId?: string | undefined;
  /** Whether the stanzas name people by phone number or by LID; else as the simulator was told. */
  addressing?: 'pn' | 'lid' | undefined;
};

export type ReceivedMessage = Omit<InboxMessage, 'server' | 'fromMe'>;
export type SentView = Omit<SentMessage, 'message' | 'server'>;

export interface ContactView {
  number: string;
  name: string;
  onWhatsApp: boolean;
  jid: string;
  lid: string;
  received: number;
  sent: number;
  autoReply?: AutoReply;
}

/** What contacts do: every number is one. Numbers come in any usual spelling. */
export interface Contacts {
  get(number: string): ContactView;
  rename(number: string, name: string): ContactView;
  /** The contact writes to the account of a phone. @throws ControlError 404 `unknown_phone`, 400 `invalid_message` */
  write(number: string, request: WriteRequest): Promise<{ messageId: string }>;
  /** The owner of a phone writes on the phone itself: linked devices get a copy. */
  writeFromPhone(number: string, request: WriteRequest): Promise<{ messageId: string }>;
  /** What the contact received and decrypted, in groups too, oldest first. */
  received(number: string): ReceivedMessage[];
  /** All that a phone itself saw: what it received and the copies of what its linked devices sent. */
  seenByPhone(number: string): (ReceivedMessage & { fromMe: boolean })[];
  /** What the number wrote by itself, with the receipts that came back. */
  sent(number: string): SentView[];
  /** Reads or plays a message. @throws ControlError 404 `unknown_message` */
  sendReceipt(number: string, messageId: string, type: 'read' | 'played'): void;
  /** Answers by itself what clients write to it; undefined ends it. */
  setAutoReply(number: string, reply: AutoReply | undefined): ContactView;
  /** Called for each new message of a client. */
  onMessage(account: Account, from: Account, messageId: string, view: MessageView, server: UserServer): void;
}

export interface ContactsDeps {
  network: Network;
  sender: Sender;
  receipts: Receipts;
  phones: Phones;
  store: MediaStore;
  host: MediaHost;
  addressing: 'pn' | 'lid';
}

export function createContacts({ network, sender, receipts, phones, store, host, addressing }: ContactsDeps): Contacts {
  const accountOf = (number: string) => network.directory.get(normaliseNumber(number));

  const write = async (from: Account, to: Account, { messageId, addressing: wanted, ...input }: Omit<WriteRequest, 'to'>) => {
    const server: UserServer = (wanted ?? addressing) === 'lid' ? 'lid' : 's.whatsapp.net';
    const chatJid = userJid(to.number, server);
    const context = { store, authority: host.authority, now: network.clock.now(), chatJid, recipient: to.number };
    const sent = await sender.send(from, to, await composeMessage(input, context), { messageId, server });
    return { messageId: sent.messageId };
  };

  const contacts: Contacts = {
    get: (number) => contactView(accountOf(number)),
    rename(number, name) {
      const account = accountOf(number);
      account.name = name;
      return contactView(account);
    },
    async write(number, { to, ...request }) {
      const from = accountOf(number);
      if (!isOnWhatsApp(from.number)) throw new ControlError(409, 'not_on_whatsapp', 'Numbers that begin with 999 are not on WhatsApp.');
      return write(from, phones.account(to), request);
    },
    async writeFromPhone(number, { to, ...request }) {
      const recipient = accountOf(to);
      if (!isOnWhatsApp(recipient.number)) throw new ControlError(409, 'not_on_whatsapp', 'Numbers that begin with 999 are not on WhatsApp.');
      return write(phones.account(number), recipient, request);
    },
    received(number) {
      const messages = network.directory.peek(normaliseNumber(number))?.inbox.list() ?? [];
      return messages.filter((message) => !message.fromMe).map(({ server: _server, fromMe: _fromMe, ...message }) => message);
    },
    seenByPhone: (number) => phones.account(number).inbox.list().map(({ server: _server, ...message }) => message),
    sent(number) {
      const messages = network.directory.peek(normaliseNumber(number))?.sent.list() ?? [];
      return messages.map(({ message: _message, server: _server, ...view }) => view);
    },
    sendReceipt(number, messageId, type) {
      const account = accountOf(number);
      const message = account.inbox.findById(messageId);
      if (!message || message.fromMe) throw new ControlError(404, 'unknown_message', `${account.number} has not received a message ${messageId}.`);
      receipts.send(account, { to: network.directory.get(message.from), messageId, server: message.server, group: message.group }, type);
    },
    setAutoReply(number, reply) {
      const account = accountOf(number);
      account.autoReply = reply;
      return contactView(account);
    },
    onMessage(account, from, messageId, view, server) {
      const { autoReply } = account;
      if (!autoReply) return;
      if (autoReply.read) receipts.send(account, { to: from, messageId, server }, 'read');
      const text = autoReply.text ?? view.text ?? view.caption ?? `(${view.type})`;
      // Not awaited: this runs within the account's own work, which the answer has to wait for.
      write(account, from, { text, addressing: server === 'lid' ? 'lid' : 'pn' }).catch((error: unknown) =>
        network.logger.warn({ err: error, number: account.number }, 'automatic reply failed'),
      );
    },
  };
  return contacts;
}

function contactView(account: Account): ContactView {
  return {
    number: account.number,
    name: account.name,
    onWhatsApp: isOnWhatsApp(account.number),
    jid: userJid(account.number, 's.whatsapp.net'),
    lid: userJid(account.number, 'lid'),
    received: account.inbox.list().filter((message) => !message.fromMe).length,
    sent: account.sent.list().length,
    ...(account.autoReply && { autoReply: account.autoReply }),
  };
}
