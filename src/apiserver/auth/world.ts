import type { HttpHandler, HttpRequest, UserInfo } from "../../base/http.ts";
import type { ApiServer } from "../server.ts";

// What tests of this room ask a server as somebody.

/** A request in process, as a client over a socket would send it. */
export interface Asked {
  method?: string;
  path: string;
  body?: object;
  headers?: Record<string, string>;
  /** Header lines of one name. */
  lines?: Record<string, string[]>;
  user?: UserInfo;
  peer?: HttpRequest["peer"];
}

/** A status code and the answer's object. */
export interface Answered {
  code: number;
  body: any;
}

/** Asks and gives the code and the answer's object. */
export async function ask(server: { handler: HttpHandler } | ApiServer, asked: Asked): Promise<Answered> {
  const { method, path, body, headers = {}, lines = {}, user, peer } = asked;
  const all = {
    ...headers,
    ...Object.fromEntries(Object.entries(lines).map(([name, each]) => [name, each.join(", ")])),
  };
  const answer = await server.handler({
    method: method ?? (body ? "POST" : "GET"),
    url: path,
    headers: all,
    headerValues: (name) => lines[name] ?? (headers[name] === undefined ? [] : [headers[name]]),
    body: body && { object: body },
    user,
    peer,
    signal: new AbortController().signal,
  });
  const content = answer.body;
  return { code: answer.status, body: content && "object" in content ? content.object : content };
}

/** Members of `system:masters`. */
export const masters: UserInfo = { username: "boss", groups: ["system:masters", "system:authenticated"] };
