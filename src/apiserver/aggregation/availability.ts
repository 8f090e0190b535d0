// Whether an extension server can be reached, as far as the cluster's objects tell: a pure plan.

import type { KubeObject } from "../../api/machinery/object.ts";
import type { ApiService, ApiServiceCondition } from "./api_services.ts";

type Verdict = Omit<ApiServiceCondition, "type" | "lastTransitionTime">;

/** What is wrong with the Service of an APIService; undefined if asking the server itself is next. */
export function serviceProblem(
  { spec }: ApiService,
  service: KubeObject | undefined,
  slices: readonly KubeObject[],
): Verdict | undefined {
  const { namespace, name, port = 443 } = spec.service!;
  const where = `service/${name} in ${JSON.stringify(namespace)}`;
  const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
  if (!service) return no("ServiceNotFound", `${where} is not present`);
  if ((service.spec?.type ?? "ClusterIP") !== "ClusterIP") return undefined;
  const wanted = (service.spec?.ports ?? []).find((each: any) => each.port === port);
  if (!wanted) return no("ServicePortError", `${where} is not listening on port ${port}`);
  const portName: string = wanted.name ?? "";
  if (slices.length === 0) return no("EndpointsNotFound", `cannot find endpointslices for ${where}`);
  const active = slices.some(
    (slice) =>
      (slice.endpoints ?? []).some((each: any) => each.conditions?.ready !== false) &&
      (slice.ports ?? []).some((each: any) => (each.name ?? "") === portName && each.port),
  );
  if (active) return undefined;
  return no(
    "MissingEndpoints",
    `endpointslices for ${where} have no addresses with port name ${JSON.stringify(portName)}`,
  );
}

/** What asking the server came to. */
export function probeVerdict(error: string | undefined): Verdict {
  if (error === undefined) return { status: "True", reason: "Passed", message: "all checks passed" };
  return { status: "False", reason: "FailedDiscoveryCheck", message: error };
}
