import type { IDataObject } from 'n8n-workflow';
import { gatewayJson, type GatewayContext } from './request';

/** What the gateway hands out at most in one page. */
const PAGE = 200;

/**
 * A list of the gateway that comes in pages, each under `name` with the cursor of the following one in `next`.
 * @param limit how many entries at most
 */
export async function gatewayPages(this: GatewayContext, path: string, name: string, limit: number, itemIndex: number): Promise<IDataObject[]> {
  const found: IDataObject[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: String(Math.min(PAGE, limit - found.length)), ...(cursor === undefined ? {} : { cursor }) });
    const page = await gatewayJson.call(this, { method: 'GET', path: `${path}?${query.toString()}`, itemIndex });
    found.push(...(page[name] as IDataObject[]));
    cursor = page.next as string | undefined;
  } while (cursor !== undefined && found.length < limit);
  return found;
}
