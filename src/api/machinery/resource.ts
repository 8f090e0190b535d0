import type { Decoded } from "./decode.ts";
import type { FieldError, FieldPath } from "./field.ts";
import { apiVersionOf, type KubeObject } from "./object.ts";
import type { Definitions } from "./schema.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

export const allVerbs: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

/** A column of a resource's table, as `kubectl get` prints it. */
export interface Column<T> {
  name: string;
  type?: "string" | "integer" | "number" | "boolean" | "date";
  format?: string;
  /** 0 is always shown; higher ones with `-o wide`. */
  priority?: number;
  /** Receives the present time for ages. */
  value(object: T, now: number): string | number | boolean | null | undefined;
}

/** A condition of a row of a table (meta.k8s.io TableRowCondition). */
export interface RowCondition {
  type: "Completed";
  status: "True";
  reason: string;
  message: string;
}

export interface Subresource {
  name: string;
  verbs: readonly string[];
  /** Of the body and the answer, where it is not the parent's own kind. */
  kind?: string;
  group?: string;
  version?: string;
}

/**
 * For a resource that is another one in different words: `events.k8s.io/v1` events are stored as `v1` events,
 * `autoscaling/v1` autoscalers as `autoscaling/v2` ones. Both functions are pure and give a whole object. Columns and
 * selectable fields of such a resource are given the stored form, as is its `validate`, which stands for the other's.
 */
export interface StoredAs {
  group: string;
  version: string;
  plural: string;
  toStored(object: any): any;
  fromStored(object: any): any;
}

/**
 * What a custom resource has besides: its objects are free-form JSON, stored in whatever version they were last written in,
 * and its declaration may end at any time. Hooks are given objects in the declaration's own version.
 */
export interface CustomForm {
  /** Reads a request's object: prunes, fills in defaults, names what it dropped. Throws a DecodeError. */
  decode(value: unknown): Decoded;
  /** Objects as they are stored, in this version: converted, pruned, with defaults. Waits only for a webhook. */
  fromStorage(objects: readonly KubeObject[]): readonly KubeObject[] | Promise<readonly KubeObject[]>;
  /** An object of this version as it is stored. Waits only for a webhook. */
  toStorage(object: KubeObject): KubeObject | Promise<KubeObject>;
  /** The schema as the definition has it (JSONSchemaProps), for documents. */
  schema: object;
  /** What is stored from now on: an object in another version is written again even if nothing in it changed. */
  storageApiVersion: string;
  /** Aborted when the declaration changed or went: watches end. */
  ended: AbortSignal;
  /** Set while the definition is being deleted: nothing new may be created. */
  terminating: boolean;
  /** The verbs as discovery lists them. */
  listedVerbs: readonly Verb[];
}

/** What a resource's hooks may know about the request. */
export interface RequestFacts {
  now: number;
  /** Who asks. */
  username: string;
  /** What else is known of who asks. */
  user?: { uid?: string; groups?: readonly string[]; extra?: Record<string, readonly string[]> };
  /** Tells the writer something in a `Warning` header. */
  warn?(text: string): void;
}

/**
 * Everything that is particular to one kind. The registry does the rest the same way for all of them.
 *
 * Hooks that take a `draft` may change it: it is this request's own copy. All others are pure.
 */
export interface ResourceDeclaration<T extends KubeObject> {
  group: string;
  version: string;
  kind: string;
  plural: string;
  /** Lower-case kind if absent. */
  singular?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  /** The kind and "List" if absent. */
  listKind?: string;
  scope: "Namespaced" | "Cluster";
  /** All of them if absent. */
  verbs?: readonly Verb[];
  subresources?: readonly Subresource[];
  /** The schema's definition name: `io.k8s.api.core.v1.ConfigMap`. */
  schema: string;
  /** Where `schema` is found: Kubernetes' own definitions if absent. Custom resources bring theirs. */
  definitions?: Definitions;
  /** Under `/registry/`: `pods`, `services/specs`. The plural, or plural.group for groups outside Kubernetes, if absent. */
  storagePrefix?: string;
  /** False for virtual resources (reviews, bindings): they have a handler in the API server instead. */
  stored?: boolean;
  /** Set if the objects are those of another resource: that one's hooks run on its form, then those of this one. */
  storedAs?: StoredAs;
  /**
   * What a stored object is shown as where reading fills in what writing may leave out. Gives the object itself if nothing is
   * missing. Pure.
   */
  shownAs?(object: T): T;
  /** Whether changes of the spec raise `metadata.generation`. */
  generation?: boolean;
  /** Fields that a user's write of the main resource never changes, because they belong to the `status` subresource. */
  statusFields?: readonly string[];
  /** What a write of the status leaves as it is besides: all of the metadata, or these fields of it. */
  statusKeeps?: "metadata" | readonly ("labels" | "ownerReferences")[];
  /** Which writes of the main resource may set the status fields all the same: a create, as kubelets do for their nodes, or all. */
  statusWith?: "create" | "all";
  /** How names must look. "dns1123subdomain" if absent. */
  nameRule?: "dns1123subdomain" | "dns1123label" | "dns1035label" | "path" | "none";
  /** Set if the kind's own rules come first, and metadata is looked at only if they find nothing wrong. */
  metadataLast?: boolean;
  /** Fills in what a user may leave out. Runs on create and update, before validation. */
  defaults?(draft: T): void;
  /** After defaults on create: clears or sets what users do not decide. Status fields are cleared already. */
  prepareCreate?(draft: T, facts: RequestFacts): void;
  /** After defaults on update: carries over what users cannot change. */
  prepareUpdate?(draft: T, previous: T, facts: RequestFacts): void;
  /** Before validation of a change of the status subresource. */
  prepareStatusUpdate?(draft: T, previous: T, facts: RequestFacts): void;
  /** Errors in the object itself; metadata is checked by the registry. */
  validate?(object: T, path: FieldPath): Iterable<FieldError>;
  /** Errors that only a new object can have; `validate` runs as well. */
  validateCreate?(object: T, path: FieldPath): Iterable<FieldError>;
  /** Errors in the change; `validate` runs as well. */
  validateUpdate?(next: T, previous: T, path: FieldPath): Iterable<FieldError>;
  /** Errors in a change of the status subresource. */
  validateStatusUpdate?(next: T, previous: T, path: FieldPath): Iterable<FieldError>;
  /** After validation, the last change before an object is stored: its canonical form. */
  canonicalize?(draft: T): void;
  /** Instead of an ordinary beginning of a deletion: marks an object whose own controller finishes it. */
  beginDeletion?(draft: T, now: number): void;
  /** Set for custom resources. */
  custom?: CustomForm;
  /** Sent as a warning with every answer about this resource. */
  deprecation?: string;
  /** Warnings that the server sends in `Warning` headers when an object is written. */
  warnings?(object: T, previous?: T): Iterable<string>;
  /** Name and Age if absent; `Name` is put first unless one of them has that name (events have it last). */
  columns?: readonly Column<T>[];
  /** What a row of the table says of an object besides its cells: whether it is done for good. */
  rowConditions?(object: T): readonly RowCondition[] | undefined;
  /** The order of a list's rows in a table, where it is another one than the list's own; that one decides between equals. */
  rowOrder?(one: T, other: T): number;
  /** Annotations that tables leave out: in the real server they are fields. */
  untabledAnnotations?: readonly string[];
  /** Values at the end of a table's row that no column is declared for. */
  cellsBeyond?: readonly Column<T>[];
  /** Beyond metadata.name and, where there are namespaces, metadata.namespace; in fact both if this is absent. */
  selectableFields?: Record<string, (object: T) => string>;
  /** Where `scale` finds its numbers, as JSON paths in dots. */
  scale?: { specReplicas: string; statusReplicas: string; selector: string };
  /** Grace in seconds when a deletion asks for none; absent: the object goes at once. */
  deletionGraceSeconds?(object: T): number | undefined;
  /** Whether an update may create the object. */
  createOnUpdate?: boolean;
  /** Whether a list at version 0 is cut into pages too, as where the real server has no cache to answer from. */
  alwaysPaged?: boolean;
  /** Whether the real server looks at the whole object twice when it is updated, and so names each mistake twice. */
  checkedTwice?: boolean;
  /** Whether the real server looks at metadata once less than usual in an update: as a change, not for itself too. */
  metadataAsChange?: boolean;
  /** Whether an update without a resourceVersion is allowed. True if absent. */
  unconditionalUpdate?: boolean;
  /** Sent as a warning with a deletion that leaves the fate of dependents to the default. */
  deletionWarning?: string;
  /** Default of `propagationPolicy`. "background" if absent. */
  defaultDeletion?: "background" | "orphan";
}

export interface Resource<T extends KubeObject = any> extends ResourceDeclaration<T> {
  apiVersion: string;
  singular: string;
  verbs: readonly Verb[];
  listKind: string;
  namespaced: boolean;
  stored: boolean;
  /** `pods`, `deployments.apps`: unique among resources. */
  id: string;
  storagePrefix: string;
}

/** Completes a declaration. */
export function defineResource<T extends KubeObject>(declaration: ResourceDeclaration<T>): Resource<T> {
  const { group, version, kind, plural } = declaration;
  return {
    ...declaration,
    apiVersion: apiVersionOf(group, version),
    singular: declaration.singular ?? kind.toLowerCase(),
    verbs: declaration.verbs ?? allVerbs,
    listKind: declaration.listKind ?? `${kind}List`,
    namespaced: declaration.scope === "Namespaced",
    stored: declaration.stored ?? true,
    id: group === "" ? plural : `${plural}.${group}`,
    storagePrefix: declaration.storagePrefix ?? plural,
  };
}
