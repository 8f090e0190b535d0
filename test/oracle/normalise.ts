import { isObject, mapTexts, type Step, valueAt } from "./cases.ts";

/** An answer as it came. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  text: string;
}

/** What the recorded server had besides Kubernetes' own. Left out on both sides. */
const foreignNames = new Set(["openshift-service-ca.crt", "system:openshift:public-info-viewer"]);

function isForeign(value: any): boolean {
  const name = value?.configMap?.name ?? value?.metadata?.name ?? value?.name ?? value;
  if (foreignNames.has(name)) return true;
  if (value?.nonResourceURLs?.join() === "/.well-known,/.well-known/*") return true;
  return /^endpoint(slice)?s\/restricted$/.test(value?.resources);
}

const isTable = (value: any): boolean => value?.kind === "Table" && value.apiVersion?.startsWith("meta.k8s.io/");

/** What differs between any two servers and runs, without a number of its own. */
const plain: [RegExp, string][] = [
  [/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g, "{jwt}"],
  [/-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----\n?/g, "{certificate}"],
  [/\bselfType\d+/g, "selfType{n}"],
  [/:3[0-2]\d{3}(?=\/(TCP|UDP|SCTP)\b)/g, ":{nodePort}"],
  [/\((\d+[ywdhms])+ ago\)/g, "({age} ago)"],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-{random}"],
];
const uid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const time = /\b20(?:2[4-9]|3[0-5])-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const versionMessages = /(too old resource version: |Timeout: Too large resource version: |current: )\d+( \(\d+\))?/g;

/** Puts placeholders for what legitimately differs. Equal uids and versions of one case get equal numbers. */
export class Normaliser {
  readonly generateNames = new Set<string>();
  /** Set while a request is about a group that is the case's own. */
  ownGroup = false;
  readonly #names: readonly [string, string][];
  readonly #uids = new Map<string, number>();
  readonly #versions = new Map<string, number>();

  /** `names`: texts of this run with what stands for them. */
  constructor(names: readonly [string, string][]) {
    this.#names = names;
  }

  text(given: string): string {
    let text = given;
    for (const [own, placeholder] of this.#names) text = text.replaceAll(own, placeholder);
    for (const prefix of this.generateNames) {
      const start = prefix.slice(0, 58);
      const drawn = `${start.replace(/[^\w]/g, "\\$&")}[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])`;
      text = text.replace(new RegExp(drawn, "g"), `${start}{random}`);
    }
    for (const [pattern, placeholder] of plain) text = text.replace(pattern, placeholder);
    text = text
      .replace(uid, (each) => `{uid:${numberOf(this.#uids, each)}}`)
      .replace(time, (_, fraction) => (fraction ? "{microtime}" : "{time}"))
      .replace(/\b10\.96\.\d{1,3}\.\d{1,3}\b(?!\/)/g, "{clusterIP}")
      .replace(/\bhash=[0-9A-F]{32,}/g, "hash={hash}")
      .replace(/(resourceVersion"?: ?")\d+/g, "$1{rv}");
    if (/resource ?version/i.test(text)) {
      const named = (number: string) => (this.#versions.has(number) ? `{rv:${this.#versions.get(number)}}` : number);
      text = text.replace(/\b\d+\b/g, named);
    }
    return text.replace(versionMessages, "$1{rv}");
  }

  #metadata(metadata: Record<string, any>, kind: string): Record<string, any> {
    const result = { ...metadata };
    if (metadata.generateName) this.generateNames.add(metadata.generateName);
    if (metadata.continue) result.continue = "{continue}";
    if (/^[1-9]\d*$/.test(metadata.resourceVersion ?? "")) {
      // Others write to these after their creation: nobody knows how often.
      const isCounted = metadata.uid && kind !== "CustomResourceDefinition" && kind !== "APIService";
      result.resourceVersion = isCounted ? `{rv:${numberOf(this.#versions, metadata.resourceVersion)}}` : "{rv}";
    }
    return result;
  }

  value(value: any, key = ""): any {
    if (typeof value === "string")
      return key === "resourceVersion" && /^[1-9]\d+$/.test(value) ? "{rv}" : this.text(value);
    if (/^(nodePort|healthCheckNodePort)$/.test(key) && value >= 30_000 && value <= 32_767) return `{${key}}`;
    if (Array.isArray(value)) return value.filter((each) => !isForeign(each)).map((each) => this.value(each));
    if (!isObject(value)) return value;
    let source: Record<string, any> = { ...value };
    if (this.ownGroup && value.storageVersionHash) source.storageVersionHash = "{hash}";
    if (isObject(value.metadata)) source.metadata = this.#metadata(value.metadata, value.kind);
    if (isTable(source)) source = withoutAges(source);
    return Object.fromEntries(Object.entries(source).map(([name, each]) => [this.text(name), this.value(each, name)]));
  }

  answer({ status, headers, text }: RawAnswer, step: Step): Record<string, any> {
    const result: Record<string, any> = { status, headers: mapTexts(headers, (each) => this.text(each)) };
    let body = bodyOf(String(headers["content-type"] ?? ""), text, step);
    if (isTable(body)) body = withoutAges(body);
    if (step.pick) {
      const picked = Object.entries(step.pick).map(([name, where]) => [name, valueAt(body, where) ?? null]);
      body = Object.fromEntries(picked);
    }
    if (step.shape) body = shapeOf(body);
    if (body !== "") result.body = this.value(body);
    return result;
  }
}

function numberOf(numbers: Map<string, number>, value: string): number {
  if (!numbers.has(value)) numbers.set(value, numbers.size + 1);
  return numbers.get(value)!;
}

function bodyOf(type: string, text: string, step: Step): any {
  if (!step.text && (type.includes("json") || text.startsWith("{"))) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return type.includes("protobuf") ? "{protobuf}" : text;
}

/** Columns' descriptions are nobody's contract, and ages depend on the clock. */
function withoutAges(table: Record<string, any>): Record<string, any> {
  const age = (cell: unknown) => (typeof cell === "string" && /^(\d+[ywdhms])+$/.test(cell) ? "{age}" : cell);
  return {
    ...table,
    columnDefinitions:
      table.columnDefinitions?.map(({ description: _, ...rest }: any) => rest) ?? table.columnDefinitions,
    rows: table.rows?.map((row: any) => ({ ...row, cells: row.cells.map(age) })) ?? table.rows,
  };
}

/** The types of a value's parts, for answers whose values are the server's own affair. */
function shapeOf(value: any): any {
  if (Array.isArray(value)) {
    const shapes = new Set(value.map((each) => JSON.stringify(shapeOf(each))));
    return [...shapes].map((each) => JSON.parse(each));
  }
  if (!isObject(value)) return `{${typeof value}}`;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]));
}
