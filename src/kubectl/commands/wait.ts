import { JsonPathError, parseJsonPath, printValue, relaxedPath } from "../../api/machinery/jsonpath.ts";
import { hasReason } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { pathOf, shownKind } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import { watchEvents } from "../rest.ts";
import { listAll, type Target, targetsOf } from "../targets.ts";

/** Whether an object is as awaited; `undefined` stands for an object that is gone. */
type Condition = (object: any) => boolean;

export const wait = defineCommand({
  path: "wait",
  usage:
    "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
  summary: "Wait for a specific condition on one or many resources",
  examples: `
# Until a pod is ready
kubectl wait --for=condition=Ready pod/busybox1

# Until it is gone
kubectl wait --for=delete pod/busybox1 --timeout=60s`,
  flags: {
    ...fileFlags,
    ...printFlags,
    ...selectorFlags,
    all: { type: "bool", help: "Select all resources in the namespace of the specified resource types" },
    "all-namespaces": {
      type: "bool",
      short: "A",
      help: "If present, list the requested object(s) across all namespaces.",
    },
    for: {
      type: "array",
      help: "The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]].",
    },
    timeout: {
      type: "duration",
      default: "30s",
      help: "The length of time to wait before giving up.  Zero means check once and don't wait, negative means wait for a week.",
    },
  },
  async run(call) {
    const { flags, machine } = call;
    const words = flags.list("for");
    if (words.length === 0) throw new CommandError("--for must be specified");
    const timeoutMs = flags.duration("timeout");
    const deadline = machine.clock.monotonicMs() + (timeoutMs < 0 ? 7 * 24 * 3600_000 : timeoutMs);
    const targets = await namedTargets(call, await targetsOf(call));
    if (targets.length === 0 && !words.includes("delete")) throw new CommandError("no matching resources found");
    const errors: unknown[] = [];
    for (const word of words) {
      const { condition, isDelete, isCreate } = conditionOf(word);
      for (const target of targets) {
        try {
          await waitFor(call, target, condition, deadline, { isDelete, isCreate });
        } catch (error) {
          errors.push(error);
        }
      }
    }
    throwAll(errors);
  },
});

async function namedTargets(call: Call, targets: readonly Target[]): Promise<Target[]> {
  const named: Target[] = [];
  for (const target of targets) {
    if (target.name !== undefined) named.push(target);
    else
      for (const { metadata } of (await listAll(call, target)).items)
        named.push({ mapping: target.mapping, namespace: metadata.namespace, name: metadata.name });
  }
  return named;
}

function conditionOf(word: string): { condition: Condition; isDelete: boolean; isCreate: boolean } {
  const lower = word.toLowerCase();
  if (lower === "delete") return { condition: (object) => object === undefined, isDelete: true, isCreate: false };
  if (lower === "create") return { condition: (object) => object !== undefined, isDelete: false, isCreate: true };
  if (lower.startsWith("condition=")) {
    const [name = "", value = "true"] = word.slice("condition=".length).split("=");
    return {
      isDelete: false,
      isCreate: false,
      condition: (object) =>
        (object?.status?.conditions ?? []).some(({ type, status, observedGeneration }: any) => {
          if (String(type).toLowerCase() !== name.toLowerCase()) return false;
          if (observedGeneration !== undefined && observedGeneration < (object.metadata.generation ?? 0)) return false;
          return String(status).toLowerCase() === value.toLowerCase();
        }),
    };
  }
  if (lower.startsWith("jsonpath="))
    return { condition: jsonPathCondition(word.slice("jsonpath=".length)), isDelete: false, isCreate: false };
  throw new CommandError(`unrecognized condition: ${JSON.stringify(word)}`);
}

function jsonPathCondition(text: string): Condition {
  const end = text.lastIndexOf("}");
  const [expression, value] =
    end < 0 ? text.split("=", 2) : [text.slice(0, end + 1), text[end + 1] === "=" ? text.slice(end + 2) : undefined];
  try {
    const path = parseJsonPath(relaxedPath(expression!));
    return (object) => {
      try {
        const found = path.find(object).flat();
        if (value === undefined) return found.length > 0;
        return found.length > 0 && found.every((each) => printValue(each) === value.replace(/^(['"])(.*)\1$/, "$2"));
      } catch (error) {
        if (error instanceof JsonPathError) return false;
        throw error;
      }
    };
  } catch (error) {
    throw new CommandError(`error parsing jsonpath ${expression}, ${(error as Error).message}`);
  }
}

async function waitFor(
  call: Call,
  target: Target,
  condition: Condition,
  deadline: number,
  { isDelete, isCreate }: { isDelete: boolean; isCreate: boolean },
): Promise<void> {
  const { mapping, namespace, name } = target;
  const { clock } = call.machine;
  const rest = await call.rest();
  const shown = `${shownKind(mapping)}/${name}`;
  const say = () => call.print(`${shown} ${isDelete ? "deleted" : isCreate ? "created" : "condition met"}\n`);
  const fail = () => new CommandError(`timed out waiting for the condition on ${mapping.plural}/${name}`);
  for (;;) {
    const object = await rest.json({ path: pathOf(mapping, namespace, name) }).catch((error) => {
      if (hasReason(error, "NotFound") && (isDelete || isCreate)) return undefined;
      throw error;
    });
    if (condition(object)) return say();
    const leftMs = deadline - clock.monotonicMs();
    if (leftMs <= 0) throw fail();
    const stop = new AbortController();
    using _timer = clock.after(leftMs, () => stop.abort());
    try {
      const query = {
        watch: true,
        fieldSelector: `metadata.name=${name}`,
        resourceVersion: object?.metadata.resourceVersion,
      };
      for await (const event of watchEvents(
        await rest.stream({ path: pathOf(mapping, namespace), query, signal: stop.signal }),
      )) {
        if (event.type === "ERROR") break;
        if (condition(event.type === "DELETED" ? undefined : event.object)) return say();
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    if (stop.signal.aborted) throw fail();
  }
}
