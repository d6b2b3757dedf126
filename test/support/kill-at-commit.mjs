/**
 * For a gateway that is started with `--import` of this file: it kills itself, as a power cut would, when something is written to the store.
 * KILL_AT is `before` (the write was asked for) or `after` (it is durable, and nobody in the process knows), KILL_SQL how the statement
 * begins, KILL_MARK how a text among its parameters begins.
 */
import { Worker } from 'node:worker_threads';

const { KILL_AT, KILL_SQL = '', KILL_MARK = '' } = process.env;
const armed = new Set();
const end = () => process.kill(process.pid, 'SIGKILL');
const isMeant = ({ sql, params = [] }) => sql.startsWith(KILL_SQL) && params.some(value => typeof value === 'string' && value.startsWith(KILL_MARK));

const { postMessage, emit } = Worker.prototype;
Worker.prototype.postMessage = function (request, ...rest) {
  if (KILL_AT && request?.type === 'commit' && request.units.flat().some(isMeant)) {
    if (KILL_AT === 'before') end();
    armed.add(request.id);
  }
  return postMessage.call(this, request, ...rest);
};
Worker.prototype.emit = function (event, reply, ...rest) {
  if (event === 'message' && reply?.type === 'committed' && armed.has(reply.id)) end();
  return emit.call(this, event, reply, ...rest);
};
