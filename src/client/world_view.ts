import { controllerOf, type KubeObject, keyOf } from "../api/machinery/object.ts";
import type { Action } from "./actions.ts";
import type { ResourceLike } from "./client.ts";
import { resourceId } from "./resources.ts";
import type { View } from "./view.ts";

/** Objects by resource id: a small world for a plan to look at, without a server. */
export type World = Readonly<Record<string, readonly KubeObject[]>>;

/** The view of a world that stands still. `indexes` are those of the controller. Pure. */
export function worldView(
  world: World,
  facts: Partial<Pick<View, "now" | "startedMs" | "lastFailure">> & {
    indexes?: Readonly<Record<string, Readonly<Record<string, (object: any) => readonly string[]>>>>;
  } = {},
): View {
  const all = (resource: ResourceLike): any[] => [...(world[resourceId(resource)] ?? [])];
  return {
    now: facts.now ?? 0,
    startedMs: facts.startedMs ?? 0,
    lastFailure: facts.lastFailure,
    get: (resource, key) => all(resource).find((object) => keyOf(object) === key),
    list: (resource, namespace) =>
      all(resource).filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    by(resource, index, value) {
      if (index === "controller") return all(resource).filter((object) => controllerOf(object)?.uid === value);
      const read = facts.indexes?.[resourceId(resource)]?.[index];
      if (!read) throw new Error(`${resourceId(resource)} has no index ${JSON.stringify(index)}`);
      return all(resource).filter((object) => read(object).includes(value));
    },
    owned: (resource, owner) => all(resource).filter((object) => controllerOf(object)?.uid === owner.metadata.uid),
  };
}

/** A plan as a line of text, for tables of tests: `create pods web-* | delete pods web-a | status replicas=1`. Pure. */
export function describePlan(actions: Iterable<Action>): string {
  return Array.from(actions, describeAction).join(" | ");
}

function describeAction(action: Action): string {
  switch (action.do) {
    case "create": {
      const { name, generateName } = (action.object as KubeObject).metadata;
      return `create ${resourceId(action.resource)} ${name ?? `${generateName}*`}`;
    }
    case "update": {
      const name = `${resourceId(action.resource)} ${action.object.metadata.name}`;
      if (action.subresource === "status") return `status ${describeStatus(action.object.status)}`;
      const replicas = action.object.spec?.replicas;
      return `update ${name}${replicas === undefined ? "" : ` replicas=${replicas}`}`;
    }
    case "patch":
      return `patch ${resourceId(action.resource)} ${action.object.metadata.name} ${JSON.stringify(action.patch)}`;
    case "delete":
      return `delete ${resourceId(action.resource)} ${action.object.metadata.name}`;
    case "deleteCollection":
      return `deleteCollection ${resourceId(action.resource)} ${action.namespace}`;
    case "event":
      return `event ${action.said.reason}`;
    case "requeueAfter":
      return `requeueAfter ${action.ms}`;
  }
}

function describeStatus(status: Record<string, unknown>): string {
  const scalars = Object.entries(status).filter(([, value]) => value !== undefined && typeof value !== "object");
  const conditions = ((status.conditions ?? []) as any[]).map(
    ({ type, status: is, reason }) => `${type}=${is}${reason ? `(${reason})` : ""}`,
  );
  return [...scalars.map(([key, value]) => `${key}=${value}`), ...conditions].join(" ");
}
