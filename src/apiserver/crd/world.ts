import type { UserInfo } from "../../base/http.ts";
import { type Answered, type Asked, ask, masters } from "../auth/world.ts";
import type { ApiServer } from "../server.ts";

// What tests of custom resources and aggregation share.

export const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
export const widgets = "/apis/example.com/v1/namespaces/default/widgets";

/** A definition of Widgets; `version` is laid over its only version, `spec` over the rest. */
export function widgetDefinition(spec: object = {}, version: object = {}): Record<string, any> {
  const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }],
      ...spec,
    },
  };
}

/** A definition whose objects have these properties in `spec`. */
export function specDefinition(properties: object, more: object = {}): Record<string, any> {
  const spec = { type: "object", properties, ...more };
  return widgetDefinition({}, { schema: { openAPIV3Schema: { type: "object", properties: { spec } } } });
}

export function widget(name: string, spec: unknown, more: object = {}): object {
  return { apiVersion: "example.com/v1", kind: "Widget", metadata: { name }, spec, ...more };
}

/** Asks as an administrator. */
export function administrator(server: ApiServer, user: UserInfo = masters): (asked: Asked) => Promise<Answered> {
  return (asked) => ask(server, { user, ...asked });
}

/** Asks again and again until the answer is as wanted; fails after very many turns of the event loop. */
export async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 400_000; turn++) {
    if (await done()) return;
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    await nextTurn();
  }
  throw new Error(`waited in vain until ${what}`);
}

/** One turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.addEventListener("message", () => {
      channel.port1.close();
      resolve();
    });
    channel.port1.start();
    channel.port2.postMessage(undefined);
  });
}

/** Creates a definition and waits until its resources are served. */
export async function establish(
  call: (asked: Asked) => Promise<Answered>,
  definition: Record<string, any>,
): Promise<void> {
  const made = await call({ path: definitions, body: definition });
  if (made.code !== 201) throw new Error(`the definition was refused: ${made.body.message}`);
  const { group, names, versions } = definition.spec;
  const served = versions.find((each: any) => each.served).name;
  const path = `/apis/${group}/${served}/${names.plural}`;
  await until("the definition is served", async () => (await call({ path })).code === 200);
}
