/** Style of the QR page. The code stays black on white, with its margin, also in the dark: cameras want that. */
export const QR_PAGE_STYLE = `
:root { color-scheme: light dark; --ground: #f4f5f3; --card: #fff; --ink: #1b1f1d; --soft: #5c6660; --accent: #12805c; }
@media (prefers-color-scheme: dark) { :root { --ground: #121514; --card: #1d2220; --ink: #eef2f0; --soft: #a3aea8; --accent: #4cc79c; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(26rem, 100%); padding: 1.75rem 1.5rem; border-radius: 1rem; background: var(--card); text-align: center; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.2; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.name { margin: 0; color: var(--soft); }
.code { padding: .25rem; border-radius: .5rem; background: #fff; line-height: 0; }
.code svg { width: 100%; height: auto; }
.left { color: var(--soft); font-variant-numeric: tabular-nums; }
ol { margin: 1rem 0 0; padding-left: 1.25rem; text-align: left; }
li { margin: .25rem 0; }
.mark { margin: 0; font-size: 4rem; line-height: 1; color: var(--accent); }
.stale { color: var(--soft); }
`;

/**
 * Script of the QR page: counts down, and fetches the page itself again to put its new main part in place, so that
 * what is shown is only ever made in one place. Without script a meta refresh does the same more coarsely.
 */
export const QR_PAGE_SCRIPT = `
'use strict';
(function () {
  var main = document.querySelector('main');
  var misses = 0;
  function seconds() { return Number(main.dataset.refresh || 0); }
  function tick() {
    var left = main.querySelector('[data-seconds]');
    if (left && Number(left.textContent) > 0) left.textContent = String(Number(left.textContent) - 1);
  }
  function lost() {
    if (main.querySelector('.stale')) return;
    var note = document.createElement('p');
    note.className = 'stale';
    note.textContent = 'The gateway does not answer. Trying again\\u2026';
    main.append(note);
  }
  function refresh() {
    fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' }).then(function (answer) {
      if (answer.status >= 500) throw new Error('no page');
      return answer.text();
    }).then(function (text) {
      var next = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
      if (!next) throw new Error('no page');
      misses = 0;
      main.replaceWith(next);
      main = next;
    }).catch(function () {
      misses += 1;
      lost();
    }).finally(plan);
  }
  function plan() {
    if (seconds() > 0) setTimeout(refresh, seconds() * 1000 * Math.min(8, 1 + misses));
  }
  setInterval(tick, 1000);
  plan();
})();
`;
