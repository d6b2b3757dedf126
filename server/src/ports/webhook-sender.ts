/** One HTTP POST to a receiver. Never throws: a failure is an outcome. Redirects are not followed. */
export interface WebhookSender {
  post(request: WebhookRequest): Promise<WebhookResponse>;
  /** Ends every connection; what is under way fails. Idempotent. */
  close(): Promise<void>;
}

export interface WebhookRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
  /** Gives the post up; the outcome is then a failure. */
  signal?: AbortSignal;
}

export interface WebhookResponse {
  /** null when there was no HTTP answer. */
  status: number | null;
  /** Seconds or HTTP date, as the receiver sent it. */
  retryAfter: string | null;
  /** A sentence for a person when there was no answer, or a redirect; null otherwise. Never holds the URL. */
  error: string | null;
}
