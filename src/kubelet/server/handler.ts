import type { HttpHandler } from "../../base/http.ts";
export function kubeletHandler(_: any): HttpHandler {
  return async () => ({ status: 404, headers: {} });
}
