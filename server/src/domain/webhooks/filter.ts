import { DomainError } from '../errors.js';
import { parseRecipient, type Recipient } from '../messages/recipient.js';
import type { WebhookFilter } from './webhook.js';

export const CHAT_TYPES = ['direct', 'group'] as const;
/** Every event is compared with each of them. */
export const MAX_FILTER_CHATS = 1_000;

/** What a filter judges an event of a chat by. */
export interface ChatFacts {
  chatType: (typeof CHAT_TYPES)[number];
  /** Every name of the chat that is known: JID, LID, phone number in any spelling. */
  addresses: string[];
  /** Whether this account wrote the message. */
  fromMe: boolean;
}

/**
 * Checks a filter and gives it its usual form: numbers as digits, LIDs and groups as they are, nothing twice.
 * @returns null when it filters nothing
 * @throws DomainError `validation_failed`, field `filter.…`
 */
export function checkFilter({ chatTypes, chats, fromMe }: WebhookFilter): WebhookFilter | null {
  const filter: WebhookFilter = {
    ...(chatTypes === undefined ? {} : { chatTypes: checkChatTypes(chatTypes) }),
    ...(chats === undefined ? {} : { chats: checkChats(chats) }),
    ...(fromMe === undefined ? {} : { fromMe }),
  };
  return Object.keys(filter).length === 0 ? null : filter;
}

/** Whether a webhook with this filter wants an event. Events of no chat (`about` is null) always pass. */
export function passes(filter: WebhookFilter | null, about: ChatFacts | null): boolean {
  if (filter === null || about === null) return true;
  if (filter.fromMe !== undefined && filter.fromMe !== about.fromMe) return false;
  if (filter.chatTypes !== undefined && !filter.chatTypes.includes(about.chatType)) return false;
  const { chats } = filter;
  return chats === undefined || about.addresses.some(address => chats.includes(plainAddress(address)));
}

function checkChatTypes(given: ChatFacts['chatType'][]): ChatFacts['chatType'][] {
  if (given.length === 0 || !given.every(type => CHAT_TYPES.includes(type))) {
    throw refused('filter.chatTypes', 'At least one kind of chat is needed: direct, group.', 'Leave chatTypes out for both.');
  }
  return [...new Set(given)];
}

function checkChats(given: string[]): string[] {
  if (given.length === 0) throw refused('filter.chats', 'At least one chat is needed.', 'Leave chats out for all.');
  if (given.length > MAX_FILTER_CHATS) throw refused('filter.chats', `${given.length} chats; up to ${MAX_FILTER_CHATS} are allowed.`, 'Leave chats out, and choose at the receiver.');
  return [...new Set(given.map((chat, index) => checkChat(chat, `filter.chats.${index}`)))];
}

function checkChat(chat: string, field: string): string {
  try {
    return plain(parseRecipient(chat, field));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw refused(field, error.message, error.hint, error);
  }
}

/** As `checkChats` writes it. */
function plainAddress(address: string): string {
  try {
    return plain(parseRecipient(address));
  } catch {
    return address;
  }
}

function plain(recipient: Recipient): string {
  return recipient.kind === 'number' ? recipient.digits : recipient.jid;
}

function refused(field: string, message: string, hint?: string, cause?: unknown): DomainError {
  return new DomainError('validation_failed', message, { field, ...(hint === undefined ? {} : { hint }), cause });
}
