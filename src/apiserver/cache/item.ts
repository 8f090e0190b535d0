import type { KubeObject } from "../../api/machinery/object.ts";
import type { Codec } from "./codec.ts";
import type { Written } from "./value.ts";

/** One object as it is served: the value with its revision, and its JSON once somebody asked for the bytes. */
export interface Cached<T extends KubeObject = KubeObject> {
  readonly key: string;
  readonly object: T;
  readonly revision: number;
  /** The object's JSON. */
  bytes(): Uint8Array;
  /** The object for one look, of which nothing is kept: for those who go through many. */
  peek?(): KubeObject;
  /** What lists are selected by, without the object; absent where only the object tells. */
  outline?(): Outline;
}

/** What selectors look at. */
export interface Outline {
  labels: Record<string, string> | undefined;
  /** Values of the resource's selectable fields, in the codec's order. */
  values: readonly (string | undefined)[];
  /** Where in `values` a field is. */
  places: ReadonlyMap<string, number>;
}

const utf8 = new TextEncoder();

/** The served form of an object: kind, apiVersion and metadata first, with the revision as its `resourceVersion`. */
export function served({ kind, apiVersion, metadata: given, ...fields }: KubeObject, revision: number): KubeObject {
  const { resourceVersion: _, name, generateName, namespace, uid, ...rest } = given;
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(generateName === undefined ? {} : { generateName }),
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      // A dry run has no revision.
      ...((revision === 0 ? {} : { resourceVersion: String(revision) }) as { resourceVersion: string }),
      ...rest,
    },
    ...fields,
  };
}

/** An object of no table: an answer to a write, or one in other words than it is stored in. */
export function cached(key: string, value: KubeObject, revision: number): Cached {
  const object = served(value, revision);
  let json: Uint8Array | undefined;
  return {
    key,
    object,
    revision,
    bytes() {
      json ??= utf8.encode(JSON.stringify(object));
      return json;
    },
  };
}

/**
 * One stored object. It always has the bytes that are stored; the object and its JSON are made of them when somebody asks,
 * and let go when nobody has asked for a while (`warmth.ts`).
 */
export class Held implements Cached {
  readonly key: string;
  readonly revision: number;
  /** The turn of `codec.warmth` that it was last used in. */
  turn = -1;
  readonly #value: Uint8Array;
  readonly #codec: Codec;
  #object: KubeObject | undefined;
  /** The object after it was let go: whoever still has it shares it with us. */
  #former: WeakRef<KubeObject> | undefined;
  #json: Uint8Array | undefined;
  /** The JSON that the value was packed from, until somebody asks for ours. */
  #stored: Uint8Array | undefined;
  #outline: Outline | undefined;

  constructor(key: string, revision: number, value: Uint8Array, codec: Codec, written?: Written) {
    this.key = key;
    this.revision = revision;
    this.#value = value;
    this.#codec = codec;
    if (written) {
      this.#object = served(written.object, revision);
      this.#stored = written.json;
      codec.warmth.touch(this);
    }
  }

  get object(): KubeObject {
    this.#object ??= this.#former?.deref() ?? served(this.#codec.decode(this.#value), this.revision);
    this.#former = undefined;
    this.#codec.warmth.touch(this);
    return this.#object;
  }

  bytes(): Uint8Array {
    this.#json ??=
      this.#codec.servedJson(this.#stored ?? this.#value, this.revision) ?? utf8.encode(JSON.stringify(this.object));
    this.#stored = undefined;
    this.#codec.warmth.touch(this);
    return this.#json;
  }

  peek(): KubeObject {
    const object = this.#object ?? this.#former?.deref() ?? served(this.#codec.decode(this.#value), this.revision);
    // As long as it is here: nobody has to make it again for that alone.
    this.#outline ??= this.#codec.outline(object);
    return object;
  }

  outline(): Outline {
    if (!this.#outline) this.peek();
    return this.#outline!;
  }

  /** How much it takes while it is warm, in bytes. */
  get size(): number {
    return this.#codec.lengthOf(this.#value);
  }

  /** The same state with another revision: the last one of an object that is gone. */
  at(revision: number): Held {
    return new Held(this.key, revision, this.#value, this.#codec);
  }

  /** Lets go of what can be made again. */
  cool(): void {
    if (this.#object) this.#former = new WeakRef(this.#object);
    this.#object = undefined;
    this.#json = undefined;
    this.#stored = undefined;
  }
}
