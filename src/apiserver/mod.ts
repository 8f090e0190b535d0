export { type AuthorizationMode, authorizationModes } from "./auth/authorization.ts";
export { type ApiServer, type ApiServerOptions, createApiServer } from "./server.ts";
