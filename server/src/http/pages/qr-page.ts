import { createHash } from 'node:crypto';
import type { InstanceStatus } from '../../domain/instances/instance.js';
import { QR_PAGE_SCRIPT, QR_PAGE_STYLE } from './qr-page-assets.js';

export interface QrPage {
  name: string;
  status: { status: InstanceStatus; message: string; phoneNumber?: string };
  qr: { svg: string; secondsLeft: number } | null;
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page runs exactly its own script and style, and talks to nobody but the gateway. */
export const QR_PAGE_CSP = [
  "default-src 'none'", `script-src ${hashOf(QR_PAGE_SCRIPT)}`, `style-src ${hashOf(QR_PAGE_STYLE)}`,
  "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ');

const TITLES: Record<InstanceStatus, string> = {
  CONNECTING: 'Connecting',
  QR_READY: 'Scan the code',
  CONNECTED: 'Connected',
  DISCONNECTED: 'Not connected',
  LOGGED_OUT: 'Logged out',
};

/** Seconds between two looks at the gateway: often while something is about to happen, seldom when all is done. */
const REFRESH_SECONDS: Record<InstanceStatus, number> = { CONNECTING: 2, QR_READY: 2, CONNECTED: 10, DISCONNECTED: 5, LOGGED_OUT: 5 };

/** The QR page: code and steps while there is a code, else the state as a sentence. It keeps itself fresh. */
export function renderQrPage({ name, status, qr }: QrPage): string {
  const state = qr ? 'QR_READY' : status.status;
  const body = qr ? codeBlock(qr) : stateBlock(status);
  return document(name, `<main data-state="${state}" data-refresh="${REFRESH_SECONDS[state]}">
<p class="name">${escapeHtml(name)}</p>
<h1>${TITLES[state]}</h1>
${body}
</main>`, REFRESH_SECONDS[state]);
}

/** What a person sees whose link does not work. */
export function renderErrorPage(sentence: string): string {
  return document('Error', `<main data-state="ERROR">
<h1>This page cannot be shown</h1>
<p>${escapeHtml(sentence)}</p>
</main>`, null);
}

function codeBlock({ svg, secondsLeft }: { svg: string; secondsLeft: number }): string {
  return `<div class="code" role="img" aria-label="QR code to link a device">${svg}</div>
<p class="left">A fresh code in <span data-seconds>${secondsLeft}</span> s</p>
<ol>
<li>Open WhatsApp on the phone.</li>
<li>Go to <b>Settings</b> (iPhone) or the menu <b>⋮</b> (Android), then <b>Linked devices</b>.</li>
<li>Tap <b>Link a device</b> and point the camera here.</li>
</ol>`;
}

function stateBlock({ status, message, phoneNumber }: QrPage['status']): string {
  if (status === 'CONNECTED') {
    const who = phoneNumber ? ` as +${escapeHtml(phoneNumber)}` : '';
    return `<p class="mark" aria-hidden="true">✓</p><p>Connected${who}. You can close this page.</p>`;
  }
  return `<p>${escapeHtml(message)}</p>`;
}

function document(title: string, main: string, refreshSeconds: number | null): string {
  const fallback = refreshSeconds === null ? '' : `<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)} – link WhatsApp</title>
${fallback}
<style>${QR_PAGE_STYLE}</style>
</head>
<body>
${main}
<script>${QR_PAGE_SCRIPT}</script>
</body>
</html>
`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] ?? character);
}
