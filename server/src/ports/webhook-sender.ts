/** One HTTP POST to a receiver. Never throws: a failure is an outcome. */
export interface WebhookSender {
  post(request: WebhookRequest): Promise<WebhookResponse>;
}

export interface WebhookRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
}

export interface WebhookResponse {
  /** null when there was no HTTP answer. */
  status: number | null;
  /** Seconds or HTTP date, as the receiver sent it. */
  retryAfter: string | null;
  /** A sentence for a person; null when the receiver answered. */
  error: string | null;
}
