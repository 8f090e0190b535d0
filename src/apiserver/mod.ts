export { absentPlugins, switchablePlugins } from "./admission/names.ts";
export { type AuthorizationMode, authorizationModes } from "./auth/authorization.ts";
export { accountTokenSigner } from "./auth/service_account.ts";
export { pack as packValue, unpack as unpackValue } from "./cache/packed.ts";
export { parseEncryptionConfig } from "./encryption/config.ts";
export type { Encryption } from "./encryption/store.ts";
export { type ApiServer, type ApiServerOptions, createApiServer } from "./server.ts";
