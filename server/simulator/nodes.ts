import { S_WHATSAPP_NET, type BinaryNode } from '@whiskeysockets/baileys';

type Attributes = Record<string, string | undefined>;

/** Builds a stanza or a part of one; attributes that are undefined are left out. */
export function node(tag: string, attrs: Attributes = {}, content?: BinaryNode['content']): BinaryNode {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(attrs)) {
    if (value !== undefined) kept[name] = value;
  }
  return content === undefined ? { tag, attrs: kept } : { tag, attrs: kept, content };
}

/** The JID of the server itself: one without a user. Clients compare it as it is. */
export const SERVER = S_WHATSAPP_NET;

/** The result of an iq. */
export function iqResult(request: BinaryNode, content?: BinaryNode[]): BinaryNode {
  return node('iq', { type: 'result', id: request.attrs['id'], from: request.attrs['to'] ?? SERVER }, content);
}

/** The refusal of an iq. */
export function iqError(request: BinaryNode, code: number, text: string): BinaryNode {
  return node('iq', { type: 'error', id: request.attrs['id'], from: request.attrs['to'] ?? SERVER }, [
    node('error', { code: code.toString(), text }),
  ]);
}

/** The bytes of a node's content, whatever form the decoder gave them. */
export function bytesOf(of: BinaryNode | undefined): Buffer | undefined {
  if (typeof of?.content === 'string') return Buffer.from(of.content, 'utf8');
  return of?.content instanceof Uint8Array ? Buffer.from(of.content) : undefined;
}
