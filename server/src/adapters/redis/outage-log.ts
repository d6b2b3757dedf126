import type { Logger } from 'pino';
import { forLog, hintFor, kindOf, saysAway } from './redis-errors.js';

/** Says once per outage, and once per cause, that Redis is away, and when it is there again. */
export interface OutageLog {
  /** The connection failed. */
  failed(error: Error): void;
  /** The connection was closed from the other side. */
  lost(): void;
  /** A command failed; said once per cause until the next `ready`, and not at all where the connection says it already. */
  refused(error: Error): void;
  ready(): void;
}

/** @param redis host and port, for the log: never the whole address, which may hold a password */
export function createOutageLog(logger: Logger, redis: string): OutageLog {
  let wasThere = false;
  let away = false;
  const seen = new Set<string>();

  function isNews(error: Error): boolean {
    const kind = kindOf(error);
    if (seen.has(kind)) return false;
    seen.add(kind);
    return true;
  }

  function lost(): void {
    if (away) return;
    away = true;
    logger.warn({ redis }, 'the connection to Redis is lost; asynchronous sends are accepted, and go out when it is back');
  }

  return {
    lost,
    failed(error) {
      // That an end was sudden, and that it is refused afterwards, is no more than that.
      if (wasThere && /^(ECONN|EPIPE)/.test(kindOf(error))) lost();
      else if (isNews(error)) {
        away = true;
        logger.error({ err: forLog(error), redis, hint: hintFor(error) }, 'Redis cannot be used; it is tried again until it can');
      }
    },
    refused(error) {
      if (!saysAway(error) && isNews(error)) logger.error({ err: forLog(error), redis, hint: hintFor(error) }, 'Redis refused a command');
    },
    ready() {
      logger.info({ redis }, wasThere ? 'Redis is there again' : 'Redis is there');
      wasThere = true;
      away = false;
      seen.clear();
    },
  };
}
