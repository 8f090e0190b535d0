import type { HttpRequest } from "../../base/http.ts";

/**
 * All values of a header, one for each line that the client sent. In process there is one line at most. `name` is lower
 * case. A comma within a line belongs to the value: a group may have one in its name.
 */
export function headerValues(request: HttpRequest, name: string): string[] {
  if (request.headerValues) return request.headerValues(name);
  const value = request.headers[name];
  return value === undefined ? [] : [value];
}
