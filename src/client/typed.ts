import { apiVersionOf, type KubeList, type KubeObject } from "../api/machinery/object.ts";
import { type Status, StatusError } from "../api/machinery/status.ts";
import { joined } from "../base/bytes.ts";
import type { AnswerBody, HttpAnswer, WatchEvent } from "../base/http.ts";
import type {
  Client,
  DeleteOptions,
  ListOptions,
  PatchType,
  ResourceLike,
  ResourceRef,
  WriteOptions,
} from "./client.ts";
import { resourcePath, resourceRef } from "./resources.ts";
import type { Transport } from "./transport.ts";

const patchTypes: Record<PatchType, string> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/** A signal for requests that nobody ends early. */
const never = new AbortController().signal;

/** The typed client over any transport. */
export function createClient(transport: Transport): Client {
  async function ask<T>(
    method: string,
    url: string,
    body?: object,
    signal?: AbortSignal,
    contentType = "application/json",
  ): Promise<T> {
    const answer = await transport({
      method,
      url,
      headers: body ? { "content-type": contentType } : {},
      body: body && { object: body },
      signal: signal ?? never,
    });
    const object = await readObject(answer.body);
    if (answer.status >= 400) throw toError(answer.status, object);
    return object as T;
  }

  function objectUrl(resource: ResourceLike, object: any, options: WriteOptions, named: boolean): string {
    const ref = resourceRef(resource);
    const name = named || options.subresource ? object.metadata.name : undefined;
    return resourcePath(ref, object.metadata.namespace, name, options.subresource) + writeQuery(options);
  }

  return {
    get: (resource, { namespace, name }, options = {}) => {
      const query = options.resourceVersion ? `?resourceVersion=${options.resourceVersion}` : "";
      return ask(
        "GET",
        resourcePath(resourceRef(resource), namespace, name, options.subresource) + query,
        undefined,
        options.signal,
      );
    },
    list: async <T extends KubeObject>(
      resource: ResourceLike,
      options: ListOptions & { signal?: AbortSignal } = {},
    ) => {
      const ref = resourceRef(resource);
      const url = resourcePath(ref, options.namespace) + listQuery(options);
      const list = await ask<KubeList<T>>("GET", url, undefined, options.signal);
      return named(list, ref);
    },
    watch: (resource, options) => watch(transport, resource, options),
    create: (resource, object, options = {}) =>
      ask("POST", objectUrl(resource, object, options, false), object, options.signal),
    update: (resource, object, options = {}) =>
      ask("PUT", objectUrl(resource, object, options, true), object, options.signal),
    patch: (resource, { namespace, name }, type, patch, options = {}) => {
      const force: Record<string, string> = options.force === undefined ? {} : { force: String(options.force) };
      const url =
        resourcePath(resourceRef(resource), namespace, name, options.subresource) + writeQuery(options, force);
      return ask("PATCH", url, patch, options.signal, patchTypes[type]);
    },
    delete: (resource, { namespace, name }, options = {}) =>
      ask("DELETE", resourcePath(resourceRef(resource), namespace, name), deleteBody(options), options.signal),
    deleteCollection: async (resource, options) => {
      await ask(
        "DELETE",
        resourcePath(resourceRef(resource), options.namespace) + listQuery(options),
        deleteBody(options),
        options.signal,
      );
    },
    raw: (request) => transport({ ...request, signal: request.signal ?? never }),
  };
}

/** Over a socket the items of a list say nothing of their kind: it is the list's. In process they have it. */
function named<T extends KubeObject>(list: KubeList<T>, { group, version, kind }: ResourceRef): KubeList<T> {
  for (const item of list.items ?? []) {
    if (item.kind !== undefined) continue;
    (item as KubeObject).kind = kind;
    (item as KubeObject).apiVersion = apiVersionOf(group, version);
  }
  return list;
}

function deleteBody({ gracePeriodSeconds, propagationPolicy, preconditions, dryRun }: DeleteOptions): object {
  return {
    kind: "DeleteOptions",
    apiVersion: "v1",
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun ? { dryRun: ["All"] } : {}),
  };
}

function toQuery(fields: Record<string, string | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined && value !== "") query.set(name, value);
  return query.size > 0 ? `?${query}` : "";
}

function writeQuery(
  { dryRun, fieldManager, fieldValidation }: WriteOptions,
  more: Record<string, string> = {},
): string {
  return toQuery({ dryRun: dryRun ? "All" : undefined, fieldManager, fieldValidation, ...more });
}

function listQuery(options: ListOptions, more: Record<string, string | undefined> = {}): string {
  const { labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch } = options;
  return toQuery({
    labelSelector,
    fieldSelector,
    limit: limit?.toString(),
    continue: options.continue,
    resourceVersion,
    resourceVersionMatch,
    ...more,
  });
}

/** The answer's object: by reference in process, parsed otherwise. Text that is no JSON is given as `{ message }`. */
async function readObject(body: AnswerBody | undefined): Promise<unknown> {
  if (body === undefined) return {};
  if ("object" in body) return body.object;
  const text = new TextDecoder().decode(await readBytes(body));
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.trim() };
  }
}

async function readBytes(body: AnswerBody): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if ("bytes" in body) return body.bytes();
  if (!("stream" in body)) throw new Error("a watch has no whole body");
  const parts: Uint8Array[] = [];
  for await (const part of body.stream) parts.push(part);
  if (parts.length === 1) return parts[0]!;
  return joined(parts);
}

function toError(status: number, object: unknown): StatusError {
  const given = object as Partial<Status>;
  if (given.kind === "Status") return new StatusError({ ...(given as Status), code: given.code ?? status });
  return new StatusError({ code: status, message: given.message ?? `the server answered with status ${status}` });
}

async function* watch<T extends KubeObject>(
  transport: Transport,
  resource: ResourceLike,
  options: ListOptions & { allowWatchBookmarks?: boolean; timeoutSeconds?: number; signal: AbortSignal },
): AsyncGenerator<readonly WatchEvent<T>[]> {
  const query = listQuery(options, {
    watch: "true",
    allowWatchBookmarks: options.allowWatchBookmarks ? "true" : undefined,
    timeoutSeconds: options.timeoutSeconds?.toString(),
  });
  const url = resourcePath(resourceRef(resource), options.namespace) + query;
  const answer: HttpAnswer = await transport({ method: "GET", url, headers: {}, signal: options.signal });
  if (answer.status !== 200) throw toError(answer.status, await readObject(answer.body));
  for await (const batch of eventsOf<T>(answer.body)) {
    const error = batch.find((event) => event.type === "ERROR");
    if (error) throw toError((error.object as unknown as Status).code ?? 500, error.object);
    yield batch;
  }
}

async function* eventsOf<T>(body: AnswerBody | undefined): AsyncGenerator<readonly WatchEvent<T>[]> {
  if (body === undefined || body instanceof Uint8Array) return;
  if ("events" in body) {
    yield* body.events as AsyncIterable<readonly WatchEvent<T>[]>;
    return;
  }
  if (!("stream" in body)) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body.stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    const batch = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as WatchEvent<T>);
    if (batch.length > 0) yield batch;
  }
}
