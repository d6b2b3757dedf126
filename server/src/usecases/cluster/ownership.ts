import { DomainError } from '../../domain/errors.js';
import { soleTenure, type Tenure } from '../../domain/instances/tenure.js';

/** Which instances this process owns at this moment, judged by its own clock and without asking anybody. */
export interface Ownership {
  holds(instanceId: string): boolean;
  /** @throws DomainError `instance_unowned` */
  tenureOf(instanceId: string): Tenure;
  /** Whether this very tenure lasts. */
  isCurrent(tenure: Tenure): boolean;
  /** How long it lasts unless it is renewed, in milliseconds; 0 when it is over. */
  lastsMs(tenure: Tenure): number;
}

/** That of a process which shares its store with nobody: it owns everything. */
export function createSoleOwnership(): Ownership {
  return { holds: () => true, tenureOf: soleTenure, isCurrent: () => true, lastsMs: () => Infinity };
}

/** Nobody can act for the instance here and now. */
export function unowned(instanceId: string, cause?: unknown): DomainError {
  return new DomainError('instance_unowned', `No node owns the instance "${instanceId}" at the moment.`, {
    hint: 'One takes it over within seconds: try again.', cause,
  });
}
