import { PrismaClientKnownRequestError } from '@prisma/client/runtime/client';

/** Epoch milliseconds as the database keeps them. */
export function toColumn(time: number): bigint;
export function toColumn(time: number | null): bigint | null;
export function toColumn(time: number | null | undefined): bigint | null | undefined;
export function toColumn(time: number | null | undefined): bigint | null | undefined {
  return typeof time === 'number' ? BigInt(time) : time;
}

/** Epoch milliseconds as the domain has them. */
export function fromColumn(time: bigint): number;
export function fromColumn(time: bigint | null): number | null;
export function fromColumn(time: bigint | null): number | null {
  return time === null ? null : Number(time);
}

/** Whether Prisma refused with this code, e.g. P2002 (unique), P2003 (foreign key), P2025 (not found). */
export function isRefusal(error: unknown, code: string): boolean {
  return error instanceof PrismaClientKnownRequestError && error.code === code;
}
