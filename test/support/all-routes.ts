import { createHttpFixture, type Route } from './http/http-fixture.js';

/** A call of a route: with an example of its body, and what its address names filled in. */
export interface RouteCall { method: string; url: string; route: Route; body: object | undefined }

interface Operation { requestBody?: { content: Record<string, { example?: object; schema: { examples?: object[] } }> } }

/** Every route of the gateway that asks for a key, as Fastify has them, so that new ones are among them. */
export async function routesWithKeys(): Promise<{ routes: Route[]; calls(names: Record<string, string>, more?: object): RouteCall[] }> {
  const http = await createHttpFixture();
  const { paths } = (await http.call('GET', '/openapi.json')).json as { paths: Record<string, Record<string, Operation>> };
  await http.close();
  const routes = http.routes.filter(({ method, config }) => method !== 'HEAD' && config?.access !== 'open' && config?.access !== 'optional');

  function bodyOf({ method, url }: Route): object | undefined {
    const content = paths[url.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]?.requestBody?.content['application/json'];
    const example = content?.example ?? content?.schema.examples?.[0];
    if (!example || !url.includes('/messages/') || !('url' in example)) return example;
    // An example's media is not there to be fetched.
    const { url: _address, ...rest } = example;
    return { ...rest, base64: 'aGVsbG8=' };
  }

  return {
    routes,
    calls: (names, more) => routes.map(route => {
      const body = bodyOf(route);
      return { method: route.method, url: route.url.replaceAll(/:(\w+)/g, (_, name: string) => names[name] ?? 'none'), route, body: body && { ...body, ...more } };
    }),
  };
}
