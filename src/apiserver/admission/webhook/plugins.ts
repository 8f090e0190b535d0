import { parseJson } from "../../../api/machinery/json.ts";
import { applyJsonPatch, readJsonPatch } from "../../../api/machinery/patch_json.ts";
import { badRequest, internal, type StatusError } from "../../../api/machinery/status.ts";
import { sameJson } from "../../../base/equal.ts";
import type { AdmissionPlugin, Registry } from "../../registry/scope.ts";
import type { PostReview } from "../../services/webhook.ts";
import { reinvocationOf } from "../reinvocation.ts";
import { changeDraft } from "../rewrite.ts";
import { isExempt, type Subject, subjectOf } from "../subject.ts";
import type { View } from "../view.ts";
import { viewFor, type Webhook, webhookList } from "./hooks.ts";
import { readVerdict, refusedBy, reviewFor, type Verdict } from "./review.ts";

const mutatingName = "MutatingAdmissionWebhook";

/** Asks mutating webhooks, one after another: each sees what those before it made. */
export function mutatingWebhooks(registry: () => Registry, post: PostReview): AdmissionPlugin {
  const webhooks = webhookList(registry, "mutatingwebhookconfigurations");
  return {
    name: mutatingName,
    mutate(request) {
      const list = webhooks();
      if (list.length === 0 || isExempt(request.scope.resource)) return;
      return mutate(subjectOf(registry(), request), list, post);
    },
  };
}

/** Asks validating webhooks, all at once. */
export function validatingWebhooks(registry: () => Registry, post: PostReview): AdmissionPlugin {
  const webhooks = webhookList(registry, "validatingwebhookconfigurations");
  return {
    name: "ValidatingAdmissionWebhook",
    validate(request) {
      const list = webhooks();
      if (list.length === 0 || isExempt(request.scope.resource)) return;
      return validate(subjectOf(registry(), request), list, post);
    },
  };
}

async function mutate(subject: Subject, webhooks: readonly Webhook[], post: PostReview): Promise<void> {
  const again = reinvocationOf(subject.request, mutatingName);
  again.start(subject.request.draft);
  const round = subject.request.rounds?.second ? 1 : 0;
  for (const webhook of webhooks) {
    const view = await viewFor(subject, webhook);
    if (!view || !again.wants(webhook.key)) continue;
    const place = `round_${round}_index_${webhook.index}`;
    const verdict = await ask(
      subject,
      webhook,
      view,
      post,
      true,
      `failed-open.mutation.webhook.admission.k8s.io/${place}`,
    );
    if (webhook.spec.reinvocationPolicy === "IfNeeded") again.mayRepeat(webhook.key);
    if (!verdict) continue;
    const mutated = verdict.patch !== undefined && (await applyPatch(subject, webhook, view, verdict.patch));
    if (mutated) again.changed();
    const { configuration, spec } = webhook;
    const note = JSON.stringify({ configuration, webhook: spec.name, mutated });
    annotate(subject, `mutation.webhook.admission.k8s.io/${place}`, note);
  }
  again.end(subject.request.draft);
}

async function validate(subject: Subject, webhooks: readonly Webhook[], post: PostReview): Promise<void> {
  const asked: Promise<unknown>[] = [];
  for (const webhook of webhooks) {
    const view = await viewFor(subject, webhook);
    if (!view) continue;
    const place = `failed-open.validating.webhook.admission.k8s.io/round_0_index_${webhook.index}`;
    asked.push(ask(subject, webhook, view, post, false, place));
  }
  const results = await Promise.allSettled(asked);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/** A webhook could not be asked, or its answer could not be read. */
function callingFailed(webhook: Webhook, why: string): StatusError {
  return internal(`failed calling webhook ${JSON.stringify(webhook.spec.name)}: ${why}`);
}

/**
 * The verdict of a webhook that allows the request; undefined if it cannot be asked and that does not matter. Throws the
 * StatusError with which the request ends otherwise.
 */
async function ask(
  subject: Subject,
  webhook: Webhook,
  view: View,
  post: PostReview,
  mutating: boolean,
  failedOpen: string,
): Promise<Verdict | undefined> {
  const { spec } = webhook;
  const { scope } = subject.request;
  if (scope.dryRun && spec.sideEffects !== "None" && spec.sideEffects !== "NoneOnDryRun") {
    throw badRequest(`admission webhook ${JSON.stringify(spec.name)} does not support dry run`);
  }
  let verdict: Verdict;
  try {
    verdict = await verdictOf(subject, webhook, view, post, mutating);
  } catch (error) {
    if (spec.failurePolicy !== "Ignore") throw callingFailed(webhook, (error as Error).message);
    annotate(subject, failedOpen, spec.name);
    return undefined;
  }
  scope.warnings.push(...verdict.warnings);
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) annotate(subject, `${spec.name}/${key}`, value);
  if (!verdict.allowed) throw refusedBy(spec.name, verdict.status);
  return verdict;
}

/** Rejects with an Error that says what went wrong. */
async function verdictOf(
  { registry, request }: Subject,
  { spec }: Webhook,
  view: View,
  post: PostReview,
  mutating: boolean,
): Promise<Verdict> {
  const sent = reviewFor(spec, view, registry.random);
  const limits = { timeoutSeconds: spec.timeoutSeconds ?? 10, signal: request.scope.signal };
  let answer: unknown;
  try {
    answer = await post(spec.clientConfig, sent.review, limits);
  } catch (error) {
    throw new Error(`failed to call webhook: ${(error as Error).message}`);
  }
  try {
    return readVerdict(answer, sent, mutating);
  } catch (error) {
    throw new Error(`received invalid webhook response: ${(error as Error).message}`);
  }
}

/** Puts a webhook's patch into the draft. Gives whether that changed anything. */
async function applyPatch(subject: Subject, webhook: Webhook, view: View, text: string): Promise<boolean> {
  let operations: ReturnType<typeof readJsonPatch>;
  try {
    operations = readJsonPatch(parseJson(text));
  } catch (error) {
    if (webhook.spec.failurePolicy === "Ignore") return false;
    throw callingFailed(webhook, `received undecodable patch in webhook response: ${(error as Error).message}`);
  }
  if (operations.length === 0) return false;
  const { object } = view;
  const { name } = webhook.spec;
  if (object === null || !subject.request.draft) {
    const why = "attempted to modify the object, which is not supported for this operation";
    throw internal(`admission webhook ${JSON.stringify(name)} ${why}`);
  }
  let patched: unknown;
  try {
    patched = applyJsonPatch(object, operations);
    if (sameJson(object, patched)) return false;
    await changeDraft(subject, view.resource, patched);
  } catch (error) {
    throw internal((error as Error).message);
  }
  return true;
}

function annotate(subject: Subject, key: string, value: string): void {
  const { scope } = subject.request;
  scope.auditAnnotations ??= {};
  scope.auditAnnotations[key] ??= value;
}
