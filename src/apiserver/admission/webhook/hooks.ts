import { compileConditions } from "../../../api/admissionregistration/compile_policy.ts";
import type { Compiled } from "../../../api/admissionregistration/environment.ts";
import type { KubeObject } from "../../../api/machinery/object.ts";
import { forbidden } from "../../../api/machinery/status.ts";
import { cacheOf, type Registry } from "../../registry/scope.ts";
import { conditionsHold } from "../conditions.ts";
import { matches } from "../match.ts";
import type { Subject } from "../subject.ts";
import { expressionVariables, type View, viewOf } from "../view.ts";

/** One webhook of a configuration. */
export interface Webhook {
  /** As it is declared. */
  spec: any;
  configuration: string;
  /** Its place among all webhooks of its kind. */
  index: number;
  /** Unique among all webhooks. */
  key: string;
  conditions: readonly Compiled[];
}

/** All webhooks in the order in which they are asked: by the configurations' names. Made again after a change. */
export function webhookList(registry: () => Registry, plural: string): () => readonly Webhook[] {
  let known: readonly Webhook[] | undefined;
  let watching = false;
  const list = (configurations: readonly KubeObject[]): Webhook[] =>
    configurations
      .flatMap(({ metadata, webhooks = [] }) => webhooks.map((spec: any) => ({ spec, configuration: metadata.name })))
      .map(({ spec, configuration }, index) => ({
        spec,
        configuration,
        index,
        key: `${configuration}/${spec.name}`,
        conditions: compileConditions(spec.matchConditions, false),
      }));
  return () => {
    if (known) return known;
    const cache = cacheOf(registry(), registry().resources.byId(`${plural}.admissionregistration.k8s.io`)!);
    if (!watching) {
      watching = true;
      cache.subscribe(() => {
        known = undefined;
      });
    }
    known = list([...cache.list()].map(({ object }) => object));
    return known;
  };
}

/**
 * The request as a webhook is to see it; undefined if the webhook is not for it. Throws the 403 for match conditions
 * that fail, unless the webhook's failures are ignored.
 */
export async function viewFor(subject: Subject, webhook: Webhook): Promise<View | undefined> {
  const { spec } = webhook;
  const resource = matches(subject, { rules: spec.rules ?? [], ...selectorsOf(spec) });
  if (!resource) return undefined;
  const view = await viewOf(subject, resource);
  const variables = expressionVariables(subject, view);
  const held = conditionsHold(webhook.conditions, spec.matchConditions ?? [], variables, subject.registry.clock);
  if ("holds" in held) return held.holds ? view : undefined;
  if (spec.failurePolicy === "Ignore") return undefined;
  throw forbidden(subject.resource, subject.name, held.error);
}

function selectorsOf({ matchPolicy, namespaceSelector, objectSelector }: any) {
  return { matchPolicy, namespaceSelector, objectSelector };
}
