import { styleText } from 'node:util';
import type { GatewayEvent, MessageAckData, MessageReceivedData } from '../src/domain/events/event.js';

type Tone = Parameters<typeof styleText>[0];

/** One line of the conversation. */
export interface Line {
  from: string;
  to?: string;
  what: string;
  tone?: Tone;
  /** What only matters to who looks twice. */
  aside?: string;
}

export interface Transcript {
  /** @param at when it happened */
  add(line: Line, at: Date): void;
}

/** As long as a phone number. */
const NAME_WIDTH = 11;
/** A message is one line here, and does not move the cursor. */
const CONTROL_CHARACTERS = /\p{Cc}+/gu;
const TICKS: Record<MessageAckData['status'], { what: string; tone: Tone }> = {
  sent: { what: '✓  sent', tone: 'green' },
  delivered: { what: '✓✓ delivered', tone: 'green' },
  read: { what: '✓✓ read', tone: 'cyan' },
  played: { what: '✓✓ played', tone: 'cyan' },
  failed: { what: '✗  failed', tone: 'red' },
};

/** Writes a conversation in columns: when, who to whom, what. */
export function createTranscript(print: (line: string) => void, colour: boolean): Transcript {
  const paint = (tone: Tone, text: string) => (colour ? styleText(tone, text) : text);
  return {
    add({ from, to, what, tone, aside }, at) {
      const who = `${from.padEnd(NAME_WIDTH)} ${to === undefined ? '   ' : '→  '}${(to ?? '').padEnd(NAME_WIDTH)}`;
      const plain = what.replace(CONTROL_CHARACTERS, ' ');
      const words = tone === undefined ? plain : paint(tone, plain);
      print(`  ${paint('dim', clockTime(at))}  ${who}  ${words}${aside === undefined ? '' : `  ${paint('dim', aside)}`}`);
    },
  };
}

/** An event as a line of the conversation. */
export function lineOf(event: GatewayEvent): Line {
  const { instanceId } = event;
  switch (event.type) {
    case 'message.received': return { from: senderName(event.data), to: instanceId, what: describe(event.data) };
    case 'message.ack': return acknowledgement(instanceId, event.data);
    case 'instance.status': return { from: instanceId, what: `${event.data.status}: ${event.data.message}`, tone: 'yellow' };
    case 'instance.alert': return { from: instanceId, what: event.data.message };
    case 'instance.qr': return { from: instanceId, what: 'shows a QR code' };
  }
}

function acknowledgement(instanceId: string, { status, to, messageId, error }: MessageAckData): Line {
  const { what, tone } = TICKS[status];
  return { from: instanceId, to: to?.split('@')[0] ?? '', what: error ? `${what}: ${error.message}` : what, tone, aside: messageId };
}

function senderName({ sender }: MessageReceivedData): string {
  return sender.phone ?? sender.name ?? sender.id;
}

function describe({ messageType, text, caption, location }: MessageReceivedData): string {
  if (text !== undefined) return text;
  const about = caption ?? (location && `${location.latitude}, ${location.longitude}`);
  return about === undefined ? `[${messageType}]` : `[${messageType}] ${about}`;
}

function clockTime(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(part => String(part).padStart(2, '0')).join(':');
}
