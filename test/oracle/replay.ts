import type { HttpAnswer, HttpHandler } from "../../src/base/http.ts";
import { type Case, differences, mapTexts, type Step, valueAt } from "./cases.ts";
import { Normaliser, type RawAnswer } from "./normalise.ts";

const keptHeaders = new Set(["content-type", "warning", "allow", "location", "retry-after", "www-authenticate"]);
const pollEveryMs = 20;
const pollLimitMs = 10_000;
const watchLimitMs = 5_000;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Request {
  method: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: unknown;
  raw?: string;
  auth?: string;
  bearer?: string;
}

/** A client of the server in the same process, who is an administrator unless a request says otherwise. */
export interface Administrator {
  handler: HttpHandler;
  /** A token of somebody in `system:masters`. */
  token: string;
  /** Where the server would be reached. */
  host: string;
}

async function ask({ handler, token, host }: Administrator, request: Request, signal?: AbortSignal) {
  const { method, path, auth, bearer, raw } = request;
  const text = raw ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  const given = Object.entries(request.headers ?? {}).map(([name, value]): [string, string[]] => [
    name.toLowerCase(),
    [value].flat(),
  ]);
  const own = bearer ?? (auth === "none" ? undefined : token);
  const headers: Record<string, string> = {
    host,
    accept: "application/json",
    "user-agent": "oracle/1",
    ...(own === undefined ? {} : { authorization: `Bearer ${own}` }),
    ...(text === undefined ? {} : { "content-type": "application/json" }),
    ...Object.fromEntries(given.map(([name, values]) => [name, values.join(", ")])),
  };
  const body = text === undefined ? undefined : new TextEncoder().encode(text);
  const headerValues = (wanted: string) => given.find(([name]) => name === wanted)?.[1] ?? [];
  return handler({
    method,
    url: path,
    headers,
    headerValues,
    body,
    signal: signal ?? new AbortController().signal,
  } as Parameters<HttpHandler>[0]);
}

async function read(answer: HttpAnswer): Promise<RawAnswer> {
  const headers: RawAnswer["headers"] = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    const key = name.toLowerCase();
    if (keptHeaders.has(key)) headers[key] = key === "warning" ? [value].flat() : value;
  }
  return { status: answer.status, headers, text: await textOf(answer.body) };
}

async function textOf(body: HttpAnswer["body"]): Promise<string> {
  const decoder = new TextDecoder();
  if (body === undefined) return "";
  if (body instanceof Uint8Array) return decoder.decode(body);
  if ("bytes" in body) return decoder.decode(body.bytes());
  let text = "";
  if ("stream" in body) for await (const chunk of body.stream) text += decoder.decode(chunk, { stream: true });
  return text;
}

/** One case on its way through a server. */
class Run {
  readonly #admin: Administrator;
  readonly #definition: Case;
  readonly #created: string[] = [];
  readonly #names: Record<string, string>;
  readonly #normaliser: Normaliser;
  readonly failures: string[] = [];
  #index = 0;
  #isStopped = false;

  constructor(admin: Administrator, definition: Case, id: string) {
    this.#admin = admin;
    this.#definition = definition;
    this.#names = { id, ns: `ns-${id}` };
    this.#normaliser = new Normaliser([
      [`ns-${id}`, "{ns}"],
      [id, "{id}"],
      [admin.host, "{server}"],
    ]);
  }

  #fill<Value>(value: Value): Value {
    return mapTexts(value, (text) =>
      text
        .replace(/\{fill:(\d+)\}/g, (_, count) => "x".repeat(Number(count)))
        .replace(/\{(\w+)\}/g, (all, name) => this.#names[name] ?? all),
    );
  }

  async run(): Promise<void> {
    try {
      await this.#setUp();
      await this.#runAll(this.#definition.steps);
    } finally {
      for (const path of this.#created.reverse()) await this.#remove(path);
    }
  }

  async #setUp(): Promise<void> {
    const { steps, namespace, namespaceLabels } = this.#definition;
    if (namespace === false || !JSON.stringify(steps).includes("{ns}")) return;
    const metadata = { name: this.#names.ns, labels: namespaceLabels };
    await this.#send("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
    const accounts = `/api/v1/namespaces/${this.#names.ns}/serviceaccounts`;
    await this.#send("POST", accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } });
    this.#created.push(`/api/v1/namespaces/${this.#names.ns}`, `${accounts}/default`);
  }

  async #send(method: string, path: string, body?: unknown, type = "application/json"): Promise<RawAnswer> {
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": type };
    return read(await ask(this.#admin, { method, path, body, headers }));
  }

  /** Deletes what a case left, its finalizers first if need be. */
  async #remove(path: string): Promise<void> {
    await this.#send("DELETE", path, { gracePeriodSeconds: 0, propagationPolicy: "Background" });
    for (let attempt = 0; attempt < 20; attempt++) {
      if ((await this.#send("GET", path)).status === 404) return;
      const name = path.split("/").at(-1);
      if (/^\/api\/v1\/namespaces\/[^/]+$/.test(path)) {
        const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name }, spec: { finalizers: [] } };
        await this.#send("PUT", `${path}/finalize`, namespace);
        await this.#send("DELETE", path);
      } else await this.#send("PATCH", path, { metadata: { finalizers: null } }, "application/merge-patch+json");
      if (attempt > 1) await sleep(pollEveryMs);
    }
  }

  async #runAll(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (this.#isStopped) return;
      const index = this.#index++;
      const isWatch = step.during !== undefined || step.events !== undefined;
      let answer: Record<string, any>;
      try {
        answer = isWatch ? await this.#watch(step) : await this.#request(step);
      } catch (error) {
        answer = { error: (error as Error).message };
      }
      const expected = this.#definition.answers[index]!;
      const found = differences(expected, answer);
      if (found.length === 0) continue;
      this.failures.push(
        `step ${index + 1}: ${step.method} ${step.path}`,
        ...found.slice(0, 8).map((line) => `  ${line}`),
      );
      // After another status the rest means nothing.
      if (answer.status !== expected.status) this.#isStopped = true;
    }
  }

  async #request(step: Step): Promise<Record<string, any>> {
    const request = this.#fill<Request>(step);
    this.#normaliser.ownGroup = request.path.includes(this.#names.id!);
    const generateName = (request.body as any)?.metadata?.generateName;
    if (generateName) this.#normaliser.generateNames.add(generateName);
    const until = step.until && this.#fill(step.until);
    const deadline = performance.now() + (until?.limitMs ?? pollLimitMs);
    let answer = await read(await ask(this.#admin, request));
    while (until && !isSatisfied(until, answer) && performance.now() < deadline) {
      await sleep(pollEveryMs);
      answer = await read(await ask(this.#admin, request));
    }
    this.#note(request, answer);
    for (const [name, where] of Object.entries(step.save ?? {})) {
      const found = answer.text.startsWith("{") ? valueAt(JSON.parse(answer.text), where) : undefined;
      if (found === undefined) throw new Error(`nothing to save at ${where} (status ${answer.status})`);
      this.#names[name] = String(found);
    }
    const normal = this.#normaliser.answer(answer, step);
    return step.quiet ? { status: normal.status } : normal;
  }

  /** Remembers what a request created. */
  #note({ method, path }: Request, { status, text }: RawAnswer): void {
    if (status !== 201 || path.includes("dryRun=") || !["POST", "PATCH", "PUT"].includes(method)) return;
    const metadata = text.startsWith("{") ? JSON.parse(text).metadata : undefined;
    if (!metadata?.name || !metadata.uid) return;
    const where = path.split("?")[0]!;
    this.#created.push(method === "POST" ? `${where}/${encodeURIComponent(metadata.name)}` : where);
  }

  /** Opens a watch, runs the steps of `during`, and gathers events until there are enough or the time is up. */
  async #watch(step: Step): Promise<Record<string, any>> {
    const abort = new AbortController();
    const answer = await ask(this.#admin, this.#fill<Request>({ ...step, method: "GET" }), abort.signal);
    const events: unknown[] = [];
    const gathering =
      answer.body && "events" in answer.body ? gather(answer.body.events, events, step.events ?? 0) : undefined;
    await this.#runAll(step.during ?? []);
    if (!gathering) return this.#normaliser.answer(await read(answer), step);
    const limit = setTimeout(() => abort.abort(), step.limitMs ?? watchLimitMs);
    await Promise.race([
      gathering,
      new Promise<void>((resolve) => abort.signal.addEventListener("abort", () => resolve())),
    ]);
    clearTimeout(limit);
    abort.abort();
    const { headers } = this.#normaliser.answer(await read({ ...answer, body: undefined }), step);
    return { status: 200, headers, events: events.map((event) => this.#normaliser.value(event)) };
  }
}

async function gather(
  batches: AsyncIterable<readonly { bytes(): Uint8Array }[]>,
  into: unknown[],
  wanted: number,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const batch of batches) {
    for (const event of batch) {
      into.push(JSON.parse(decoder.decode(event.bytes())));
      if (into.length >= wanted) return;
    }
  }
}

function isSatisfied(until: NonNullable<Step["until"]>, { status, text }: RawAnswer): boolean {
  if (until.status !== undefined && status !== until.status) return false;
  if (until.path === undefined) return true;
  if (!text.startsWith("{")) return false;
  const found = valueAt(JSON.parse(text), until.path);
  if (until.absent) return found === undefined;
  return until.equals === undefined ? found !== undefined : JSON.stringify(found) === JSON.stringify(until.equals);
}

/** Runs a case. Gives what was answered otherwise than recorded, a line each. `id` must be this run's own. */
export async function replay(admin: Administrator, definition: Case, id: string): Promise<string[]> {
  const run = new Run(admin, definition, id);
  await run.run();
  return run.failures;
}
