import { Type } from 'typebox';
import { MESSAGE_STATES } from '../../domain/messages/message.js';
import { Ref, Time, Words } from './common.js';

export const MessageSchema = Type.Object({
  messageId: Type.String({ description: 'WhatsApp\'s id of the message.' }),
  direction: Words(['in', 'out'] as const, { description: 'Whether it was received or sent.' }),
  chatId: Type.String({ description: 'JID of the chat.' }),
  to: Type.Optional(Type.String({ description: 'Of a sent message: the recipient as the caller gave it.' })),
  from: Type.Optional(Type.String({ description: 'Of a received message: the sender\'s JID.' })),
  type: Type.String({ description: 'Kind of content.', examples: ['text'] }),
  status: Type.Optional(Words(MESSAGE_STATES, { description: 'Of a sent message: how far it has come.' })),
  correlationId: Type.Optional(Type.String()),
  attempts: Type.Integer({ description: 'How often it was tried to send it.' }),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() }, { description: 'Why it failed.' })),
  timestamp: Time('WhatsApp\'s own time of the message.'),
  createdAt: Time('When the gateway stored it.'),
  sentAt: Type.Optional(Time('When WhatsApp acknowledged it.')),
  deliveredAt: Type.Optional(Time('When it reached a device of the recipient.')),
  readAt: Type.Optional(Time('When it was read.')),
  playedAt: Type.Optional(Time('When the voice note or video was played.')),
  failedAt: Type.Optional(Time('When it failed.')),
  queueId: Type.Optional(Type.String({ description: 'Of an asynchronous send: its place in the send queue.' })),
  dueAt: Type.Optional(Time('Of an asynchronous send: when it is, or was, due.')),
  expiresAt: Type.Optional(Time('Of a sent message: without an acknowledgement by then it fails.')),
}, { $id: 'Message', description: 'A message of either direction, and what became of it.' });

export const MessageList = Type.Object({
  messages: Type.Array(Ref(MessageSchema)),
  next: Type.Optional(Type.String({ description: 'Give this as `cursor` for the messages before these; missing at the end.' })),
}, { description: 'Messages, newest first.' });

export const ListMessagesQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'How many, 1 to 200; 50 unless told.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The page after another: its `next`, unchanged. Missing for the newest.' })),
  direction: Type.Optional(Words(['in', 'out'] as const, { description: 'Only received, or only sent ones.' })),
  chatId: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'Only messages of this chat: the chatId of a message, or chat.id of an event.' })),
}, { additionalProperties: false });

export const GetMessageQuery = Type.Object({
  waitFor: Type.Optional(Words(['sent', 'delivered', 'read'] as const, { description: 'Answer when the message has come that far or cannot come further, or when the time is over; the status tells which.' })),
  timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 60, description: 'How long to wait at most, 1 to 60 seconds; 30 unless told.' })),
}, { additionalProperties: false });

export const ListDeadLettersQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'How many, 1 to 200; 50 unless told.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The page after another: its `next`, unchanged. Missing for the newest.' })),
}, { additionalProperties: false });

export const DeadLetterList = Type.Object({
  deadLetters: Type.Array(Ref(MessageSchema)),
  next: Type.Optional(Type.String({ description: 'Give this as `cursor` for those before these; missing at the end.' })),
}, { description: 'Messages that failed for good, newest first.' });
