const { rm } = require('node:fs/promises');
const { dest, src } = require('gulp');

/** Removes what an earlier build left, so that nothing is published that has no source any more. */
async function clean() {
  await rm('dist', { recursive: true, force: true });
}

/** Copies the icons next to the compiled nodes; the codex files come by tsc. */
function icons() {
  return src('icons/*.svg', { encoding: false }).pipe(dest('dist/icons'));
}

exports.clean = clean;
exports.default = icons;
