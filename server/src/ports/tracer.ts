/** What is said of a stretch of work: never a phone number, an address, a text, a key or a URL. */
export type TraceAttributes = Record<string, string | number | boolean>;

/** Says more of the stretch under way, such as how it ended. `error.type` marks it as failed. */
export type Note = (attributes: TraceAttributes) => void;

/** `server`: somebody asked for it over the network; `client`: it asks somebody; `internal`: all else. */
export type StretchKind = 'internal' | 'server' | 'client';

/** Records stretches of work as the spans of traces. Recording never fails, and never changes what the work answers or throws. */
export interface Tracer {
  /** The work as part of what is under way here; a trace of its own where nothing is. It is called at once. */
  run<T>(name: string, attributes: TraceAttributes, work: (note: Note) => Promise<T>, kind?: StretchKind): Promise<T>;
  /** What is under way here, as the header `traceparent` of https://www.w3.org/TR/trace-context/; null where nothing is. */
  current(): string | null;
  /** The work as part of that trace, whatever is under way here; a trace of its own where it is null or no such header. It is called at once. */
  continueFrom<T>(traceparent: string | null, name: string, attributes: TraceAttributes, work: (note: Note) => Promise<T>, kind?: StretchKind): Promise<T>;
}
