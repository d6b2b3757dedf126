import type { Readable } from 'node:stream';

export const MEDIA_KINDS = ['image', 'video', 'audio', 'document'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** Where the bytes of a media message are: a file the gateway made, removed by whoever made it. */
export interface MediaFile {
  path: string;
  size: number;
  mimetype: string;
  fileName: string | null;
}

export interface TextContent {
  type: 'text';
  text: string;
  mentions: string[];
}

export interface MediaContent {
  type: MediaKind;
  file: MediaFile;
  caption: string | null;
  /** Audio only: shown as a voice note. */
  voice: boolean;
}

export interface LocationContent {
  type: 'location';
  latitude: number;
  longitude: number;
  name: string | null;
  address: string | null;
}

/** What a caller asks to be sent, validated. */
export type OutgoingContent = TextContent | MediaContent | LocationContent;

/** Decrypted media of a stored message, as a stream to be read once. */
export interface MediaStream {
  stream: Readable;
  mimetype: string;
  fileName: string | null;
  size: number | null;
}
