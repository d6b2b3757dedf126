import { getContentType, normalizeMessageContent, type proto } from '@whiskeysockets/baileys';

/** Where a message says that its media is; any kind of media has these. */
interface Place { url?: string | null; directPath?: string | null }

/**
 * A message's media alone, to be downloaded from WhatsApp's own hosts; null where it names no place there. Host and path are the sender's words,
 * and Baileys would go wherever they say: a contact could have the gateway call any address that it can reach.
 * @param isMediaHost whether the network serves media there
 */
export function keepToMediaHosts(message: proto.IMessage | null | undefined, isMediaHost: (hostname: string) => boolean): proto.IMessage | null {
  const content = normalizeMessageContent(message ?? undefined);
  const kind = content && getContentType(content);
  const media: unknown = kind && content[kind];
  if (!kind || typeof media !== 'object' || media === null) return null;
  const { url, directPath }: Place = media;
  const named = url && URL.canParse(url) ? new URL(url) : null;
  // Without a host that is one of theirs, Baileys takes the one that serves everything.
  const kept = named && named.protocol === 'https:' && named.username === '' && named.password === '' && isMediaHost(named.hostname) ? named.href : '';
  if (directPath ? !staysOnHost(directPath) : kept === '') return null;
  return { [kind]: { ...media, url: kept } };
}

/** It is put behind the host as it is: without a slash it would change the host, as `@host/` or `.host/` do. */
function staysOnHost(directPath: string): boolean {
  return directPath.startsWith('/') && URL.canParse(`https://host${directPath}`) && new URL(`https://host${directPath}`).host === 'host';
}
