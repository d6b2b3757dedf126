const SENTENCES: Record<string, string> = {
  ECONNREFUSED: 'The connection was refused: nothing listens at the receiver\'s address and port.',
  ENOTFOUND: 'The receiver\'s host name was not found.',
  EAI_AGAIN: 'The receiver\'s host name could not be looked up: the name server did not answer.',
  ECONNRESET: 'The receiver closed the connection before it answered.',
  EPIPE: 'The receiver closed the connection before it answered.',
  UND_ERR_SOCKET: 'The receiver closed the connection before it answered.',
  ETIMEDOUT: 'The connection to the receiver could not be made in time.',
  UND_ERR_CONNECT_TIMEOUT: 'The connection to the receiver could not be made in time.',
  UND_ERR_HEADERS_TIMEOUT: 'The receiver did not answer in time.',
  EHOSTUNREACH: 'The receiver\'s host cannot be reached from here.',
  ENETUNREACH: 'The receiver\'s network cannot be reached from here.',
  CERT_HAS_EXPIRED: 'The receiver\'s TLS certificate has expired.',
  CERT_NOT_YET_VALID: 'The receiver\'s TLS certificate is not valid yet.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The receiver\'s TLS certificate is for another host name.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The receiver\'s TLS certificate is self-signed and not trusted.',
  SELF_SIGNED_CERT_IN_CHAIN: 'The receiver\'s TLS certificate comes from an authority that is not trusted.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The receiver\'s TLS certificate comes from an authority that is not trusted.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'The receiver\'s TLS certificate comes from an authority that is not trusted.',
  HPE_INVALID: 'What the receiver answered is not HTTP.',
  address_not_allowed: 'The receiver\'s host stands for an address that the gateway must not call (setting WEBHOOK_ALLOWED_HOSTS).',
  UND_ERR_ABORTED: 'The request was given up.',
  UND_ERR_DESTROYED: 'The gateway was stopping.',
  UND_ERR_CLOSED: 'The gateway was stopping.',
  UND_ERR_INVALID_ARG: 'The request could not be made: the URL or a header is not valid.',
};

/**
 * What a failed request means, as a sentence for a person. Says nothing of URL, headers or body: error texts of
 * libraries may hold them.
 */
export function failureSentence(error: unknown): string {
  const code = codeOf(error);
  if (code === null) return 'The request failed.';
  const known = SENTENCES[code];
  if (known !== undefined) return known;
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return `The TLS handshake with the receiver failed (${code}). Does the URL say https where http is meant?`;
  return `The request failed (${code}).`;
}

/** The code of an error, or of what caused it. */
function codeOf(error: unknown): string | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    if (current.name === 'AbortError') return 'UND_ERR_ABORTED';
    // undici gives only some of its parser's errors a code.
    if (current.name === 'HTTPParserError') return 'HPE_INVALID';
    if ('code' in current && typeof current.code === 'string') return current.code;
  }
  return null;
}
