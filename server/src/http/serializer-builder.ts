import { SerializerSelector, type SerializerCompiler, type SerializerFactory } from '@fastify/fast-json-stringify-compiler';

/**
 * Fastify's own serializers, each compiled once. It compiles one for each answer of each route, and nearly all of these are the same problem
 * document: without this the start of a gateway spends a third of its time on them.
 * @param build makes the compiler that is asked for what is not known yet
 */
export function createSerializerBuilder(build: SerializerFactory = SerializerSelector()): SerializerFactory {
  return (externalSchemas, options) => {
    const compile = build(externalSchemas, options);
    // Only among the same external schemas does a reference mean the same.
    const known = new Map<string, ReturnType<SerializerCompiler>>();
    return definition => {
      const name = JSON.stringify(definition.schema);
      const serialize = known.get(name) ?? compile(definition);
      known.set(name, serialize);
      return serialize;
    };
  };
}
