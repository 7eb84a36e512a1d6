/** The OpenAPI document as the text of docs/schemas/openapi.json. */
import { openApiDocument } from './openapi.ts';
import { routes } from './routes.ts';

export const documentUrl = new URL('../../../../docs/schemas/openapi.json', import.meta.url);

export const documentText = (): string => `${JSON.stringify(openApiDocument(routes), null, 2)}\n`;
