/** What the API takes and answers with. `schema.ts` is made of its document (docs/openapi.json) by `npm run types`, and is
    not kept: `make check` makes it, so a page that reads what the API does not say is found there. */
import type { components } from "./schema";

/** Whatever the document names: `Schema<"ResourceTree">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** One application in a list, flat (`GET /api/v1/applications?view=summary`). */
export type ApplicationSummary = Readonly<Schema<"ApplicationSummary">>;

/** Who is signed in (`GET /api/v1/session`). */
export type Session = Readonly<Schema<"SessionShown">>;

/** Ways in (`GET /api/v1/login/options`). */
export type LoginOptions = Readonly<Schema<"LoginOptions">>;
