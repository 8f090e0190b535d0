import { StatusError } from "../../../api/machinery/status.ts";
import { uuid } from "../../../base/uuid.ts";
import type { Random } from "../../../base/world.ts";
import type { View } from "../view.ts";

// AdmissionReviews as webhooks are sent them, and what they answer (admission.k8s.io).

const versions = ["v1", "v1beta1"];

export interface Verdict {
  allowed: boolean;
  /** A JSON patch as text. */
  patch?: string;
  status?: Record<string, any>;
  warnings: readonly string[];
  auditAnnotations: Readonly<Record<string, string>>;
}

/** The review for a webhook, in the first version that both sides know. Throws an Error if there is none. */
export function reviewFor(webhook: any, view: View, random: Random): { uid: string; review: Record<string, unknown> } {
  const version = (webhook.admissionReviewVersions as string[]).find((each) => versions.includes(each));
  if (!version) throw new Error("webhook does not accept known AdmissionReview versions (v1, v1beta1)");
  const uid = uuid(random);
  const { object, oldObject } = view;
  const request = { uid, ...view.request, object, oldObject };
  return { uid, review: { kind: "AdmissionReview", apiVersion: `admission.k8s.io/${version}`, request } };
}

const isObject = (value: unknown): value is Record<string, any> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a webhook decided. Throws an Error that says what is wrong with the answer. */
export function readVerdict(
  answer: unknown,
  sent: { uid: string; review: Record<string, unknown> },
  mutating: boolean,
): Verdict {
  if (!isObject(answer)) throw new Error("webhook response was absent");
  const { response } = answer;
  if (!isObject(response)) throw new Error("webhook response was absent");
  const isV1 = sent.review.apiVersion === "admission.k8s.io/v1";
  if (isV1) {
    if (response.uid !== sent.uid) {
      throw new Error(`expected response.uid=${JSON.stringify(sent.uid)}, got ${JSON.stringify(response.uid ?? "")}`);
    }
    const wanted = "admission.k8s.io/v1, Kind=AdmissionReview";
    const got = `${answer.apiVersion ?? ""}, Kind=${answer.kind ?? ""}`;
    if (got !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${got}`);
  }
  const patch = mutating ? readPatch(response, isV1) : undefined;
  return {
    allowed: response.allowed === true,
    ...(patch ? { patch } : {}),
    ...(isObject(response.status) ? { status: response.status } : {}),
    warnings: texts(response.warnings),
    auditAnnotations: Object.fromEntries(
      Object.entries(isObject(response.auditAnnotations) ? response.auditAnnotations : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      ),
    ),
  };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function readPatch({ patch, patchType }: Record<string, any>, isV1: boolean): string | undefined {
  const given = typeof patch === "string" && patch !== "";
  if (isV1) {
    if (given && patchType === undefined) throw new Error("webhook returned response.patch but not response.patchType");
    if (!given && patchType !== undefined)
      throw new Error("webhook returned response.patchType but not response.patch");
    if (patchType === "") throw new Error('webhook returned invalid response.patchType of ""');
    if (patchType !== undefined && patchType !== "JSONPatch") {
      throw new Error(`unsupported patch type ${JSON.stringify(patchType)}`);
    }
  }
  if (!given) return undefined;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(patch), (letter) => letter.charCodeAt(0)));
  } catch {
    throw new Error("illegal base64 data in response.patch");
  }
}

/** The answer to a request that a webhook refused: the webhook's own status, with the webhook's name before its message. */
export function refusedBy(webhook: string, status: Record<string, any> = {}): StatusError {
  const by = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const { message, reason, details } = status;
  const code = Number.isInteger(status.code) && status.code >= 400 && status.code < 600 ? status.code : 400;
  const text = message ? `${by}: ${message}` : reason ? `${by}: ${reason}` : `${by} without explanation`;
  return new StatusError({
    code,
    message: text,
    ...(typeof reason === "string" && reason ? { reason } : {}),
    ...(isObject(details) ? { details } : {}),
  });
}
