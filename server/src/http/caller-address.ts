import { isIP } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';

/** What some proxies write: an address with the port of the connection. */
const WITH_PORT = /^(?:\[([^\]]+)\]|([\d.]+)):\d+$/;

/**
 * The address that a caller is told apart by: his own, or what a trusted proxy says it is. A network of IPv6 counts as one: whoever has one address
 * of it has them all. So does an address with whatever port, and what is no address is that of the proxy: else each connection would be another caller.
 */
export function callerAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const [, inBrackets, beforePort] = WITH_PORT.exec(ip) ?? [];
  const address = inBrackets ?? beforePort ?? ip;
  return rateLimit.normalizeIP(isIP(address) === 0 ? socket.remoteAddress ?? '' : address);
}
