import type { MediaFile } from '../domain/messages/content.js';

/** Brings the bytes of a media message into a file of the gateway's own, within a size limit. */
export interface MediaFetcher {
  /** Whether the URL names an address that may not be called; host names are judged when they are. @throws DomainError `address_not_allowed` */
  checkUrl(url: string): void;
  /** @throws DomainError `address_not_allowed`, `media_fetch_failed`, `media_too_large` */
  fromUrl(url: string, options: MediaOptions): Promise<MediaFile>;
  /** @throws DomainError `validation_failed`, `media_too_large` */
  fromBase64(base64: string, options: MediaOptions): Promise<MediaFile>;
  /** Reads the stream to its end. @throws DomainError `media_too_large` */
  fromStream(stream: NodeJS.ReadableStream, options: MediaOptions): Promise<MediaFile>;
  /** SHA-256 of the file's bytes, hex. */
  sha256(file: MediaFile): Promise<string>;
  /** Removes the file; missing is fine. */
  discard(file: MediaFile): Promise<void>;
}

export interface MediaOptions {
  /** What the caller said; where it is missing it is taken from the response or the file name. */
  mimetype?: string | undefined;
  fileName?: string | undefined;
}
