import { expect, it } from 'vitest';
import { keepToMediaHosts } from '@gateway/adapters/baileys/media-origin.js';
import { createLiveNetwork, createSandboxNetwork } from '@gateway/adapters/baileys/network.js';

const { isMediaHost } = createLiveNetwork('pinned');
const image = (place: { url?: string; directPath?: string }) => ({ imageMessage: { mimetype: 'image/png', mediaKey: new Uint8Array(32), ...place } });
const kept = (place: { url?: string; directPath?: string }) => {
  const { imageMessage } = keepToMediaHosts(image(place), isMediaHost) ?? {};
  return imageMessage && { url: imageMessage.url, directPath: imageMessage.directPath };
};

it('media are fetched from WhatsApp\'s hosts', () => {
  const directPath = '/v/t62.7118-24/1?ccb=11&oh=x';
  for (const url of ['https://mmg.whatsapp.net/v/1', 'https://media-fra3-1.cdn.whatsapp.net/v/1']) {
    expect(kept({ url, directPath })).toEqual({ url, directPath });
    expect(kept({ url })).toEqual({ url, directPath: undefined });
  }
  expect(kept({ directPath })).toEqual({ url: '', directPath });
});

it.each(['https://169.254.169.254/latest', 'https://evil.example/', 'https://whatsapp.net.evil.example/', 'https://evilwhatsapp.net/', 'https://mmg.whatsapp.net@evil.example/', 'http://mmg.whatsapp.net/', 'https://user@mmg.whatsapp.net/', 'file:///etc/passwd', '/etc/passwd', 'data:,x', 'nonsense'])('a host of the sender\'s is not asked: %s', url => {
  expect(kept({ url })).toBeUndefined();
  expect(kept({ url, directPath: '/v/1' })).toEqual({ url: '', directPath: '/v/1' });
});

it.each(['@evil.example/', '.evil.example/', ':8443/', 'v/1', '\\\\evil.example/', '://evil.example'])('a path that would change the host is none: %s', directPath => {
  expect(kept({ directPath })).toBeUndefined();
  expect(kept({ url: 'https://mmg.whatsapp.net/v/1', directPath })).toBeUndefined();
});

it('of a message with several contents, only the one that was judged is left', () => {
  const hostile = { url: 'https://evil.example/', directPath: '/v/1' };
  const left = keepToMediaHosts({ ...image({ directPath: '/v/1' }), buttonsMessage: { imageMessage: hostile }, templateMessage: { hydratedTemplate: { imageMessage: hostile } } }, isMediaHost);
  expect(Object.keys(left ?? {})).toEqual(['imageMessage']);
  expect(JSON.stringify(left)).not.toContain('evil');
  expect(keepToMediaHosts({ viewOnceMessage: { message: image({ url: hostile.url, directPath: '/v/1' }) } }, isMediaHost)).toMatchObject({ imageMessage: { url: '' } });
  expect(keepToMediaHosts({ conversation: 'no media' }, isMediaHost)).toBeNull();
  expect(keepToMediaHosts(null, isMediaHost)).toBeNull();
});

it('the sandbox\'s media are on this machine', () => {
  const sandbox = createSandboxNetwork('http://127.0.0.1:1').isMediaHost;
  expect(['127.0.0.1', 'localhost', '[::1]', 'mmg.whatsapp.net', '10.0.0.1'].filter(sandbox)).toEqual(['127.0.0.1', 'localhost', '[::1]']);
});
