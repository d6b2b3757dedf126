import type { AnyMessageContent } from '@whiskeysockets/baileys';
import type { MediaContent, OutgoingContent } from '../../domain/messages/content.js';

/** What a caller asked for, in Baileys' words. */
export function toBaileysContent(content: OutgoingContent): AnyMessageContent {
  switch (content.type) {
    case 'text':
      return { text: content.text, mentions: content.mentions };
    case 'location':
      return {
        location: {
          degreesLatitude: content.latitude,
          degreesLongitude: content.longitude,
          ...(content.name === null ? {} : { name: content.name }),
          ...(content.address === null ? {} : { address: content.address }),
        },
      };
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
      return mediaContent(content);
  }
}

function mediaContent(content: MediaContent): AnyMessageContent {
  const media = { url: content.file.path };
  const { mimetype } = content.file;
  const caption = content.caption === null ? {} : { caption: content.caption };
  switch (content.type) {
    case 'image': return { image: media, mimetype, ...caption };
    case 'video': return { video: media, mimetype, ...caption };
    case 'audio': return { audio: media, mimetype, ptt: content.voice };
    case 'document': return { document: media, mimetype, fileName: content.file.fileName ?? 'file', ...caption };
  }
}
