// Containers of all three sorts: names, images, ports, restart policies, and what each sort may not have.

import {
  duplicate,
  type FieldPath,
  fieldNotFound,
  forbiddenField,
  invalid,
  required,
  tooMany,
} from "../../machinery/field.ts";
import { dns1123Label, portName, portNumber } from "../../machinery/names.ts";
import { addInvalid, checkOneOf, checkRequiredOneOf, type Errors } from "../../parts/checks.ts";
import { checkEnv, checkEnvFrom } from "./env.ts";
import { checkVolumeDevices, checkVolumeMounts, type VolumeSources } from "./mounts.ts";
import { checkLifecycle, checkLiveness, checkReadiness, checkStartup } from "./probes.ts";
import { checkContainerResources } from "./requirements.ts";
import { checkSecurityContext } from "./security.ts";
import type { Container, ContainerPort, PodSpec } from "./types.ts";

const protocols = ["SCTP", "TCP", "UDP"];
const pullPolicies = ["Always", "IfNotPresent", "Never"];
const restartPolicies = ["Always", "Never", "OnFailure"];
const messagePolicies = ["File", "FallbackToLogsOnError"];
const restartActions = ["Restart", "RestartAllContainers"];
const restartRulesMax = 20;
const exitCodesMax = 255;

/** What the checks of containers must know of the pod around them. */
export interface PodContext {
  spec: PodSpec;
  volumes: VolumeSources;
  claimNames: ReadonlySet<string>;
}

function checkPorts(errors: Errors, ports: readonly ContainerPort[] | undefined, path: FieldPath): void {
  if (!ports) return;
  const names = new Set<string>();
  for (const [index, { name, containerPort, hostPort, protocol }] of ports.entries()) {
    const at = path.index(index);
    if (name) {
      const messages = portName(name);
      addInvalid(errors, () => at.child("name"), name, messages);
      if (messages.length === 0 && names.has(name)) errors.push(duplicate(at.child("name"), name));
      if (messages.length === 0) names.add(name);
    }
    if (!containerPort) errors.push(required(at.child("containerPort")));
    else addInvalid(errors, () => at.child("containerPort"), containerPort, portNumber(containerPort));
    if (hostPort) addInvalid(errors, () => at.child("hostPort"), hostPort, portNumber(hostPort));
    checkRequiredOneOf(errors, protocol, protocols, () => at.child("protocol"));
  }
}

/** No two of these containers may take the same port of the host. */
function checkHostPortConflicts(errors: Errors, containers: readonly Container[], path: FieldPath): void {
  const taken = new Set<string>();
  for (const [index, container] of containers.entries()) {
    for (const [portIndex, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (taken.has(key)) {
        errors.push(duplicate(path.index(index).child("ports").index(portIndex).child("hostPort"), key));
      }
      taken.add(key);
    }
  }
}

/** An init container whose rules have no policy is told of that alone. */
function checkInitRestart(errors: Errors, container: Container, path: FieldPath): void {
  if (container.restartPolicy !== undefined) checkRestartRules(errors, container, path);
  else if (container.restartPolicyRules?.length) errors.push(rulesWithoutPolicy(path));
}

const rulesWithoutPolicy = (path: FieldPath) =>
  required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used");

function checkRestartRules(errors: Errors, container: Container, path: FieldPath): void {
  checkOneOf(errors, container.restartPolicy, restartPolicies, () => path.child("restartPolicy"));
  const rules = container.restartPolicyRules;
  if (!rules?.length) return;
  const rulesPath = path.child("restartPolicyRules");
  if (container.restartPolicy === undefined) errors.push(rulesWithoutPolicy(path));
  if (rules.length > restartRulesMax) errors.push(tooMany(rulesPath, rules.length, restartRulesMax));
  for (const [index, { action, exitCodes }] of rules.entries()) {
    const at = rulesPath.index(index);
    checkOneOf(errors, action ?? "", restartActions, () => at.child("action"));
    if (!exitCodes) {
      errors.push(required(at.child("exitCodes"), "must be specified"));
      continue;
    }
    checkOneOf(errors, exitCodes.operator ?? "", ["In", "NotIn"], () => at.child("exitCodes", "operator"));
    const count = exitCodes.values?.length ?? 0;
    if (count > exitCodesMax) errors.push(tooMany(at.child("exitCodes", "values"), count, exitCodesMax));
  }
}

function checkResizePolicies(errors: Errors, container: Container, { spec }: PodContext, path: FieldPath): void {
  const seen = new Set<string>();
  for (const [index, { resourceName, restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (seen.has(resourceName)) errors.push(duplicate(path.index(index), resourceName));
    seen.add(resourceName);
    checkRequiredOneOf(errors, resourceName, ["cpu", "memory"], () => path);
    checkRequiredOneOf(errors, restartPolicy, ["NotRequired", "RestartContainer"], () => path);
    if (spec.restartPolicy === "Never" && restartPolicy !== "NotRequired") {
      errors.push(invalid(path, restartPolicy ?? "", "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
  }
}

/** What holds for containers of every sort. */
function checkCommon(errors: Errors, container: Container, context: PodContext, path: FieldPath): void {
  if (!container.name) errors.push(required(path.child("name")));
  else addInvalid(errors, () => path.child("name"), container.name, dns1123Label(container.name));
  if (!container.image) errors.push(required(path.child("image")));
  checkRequiredOneOf(errors, container.terminationMessagePolicy, messagePolicies, () =>
    path.child("terminationMessagePolicy"),
  );
  checkPorts(errors, container.ports, path.child("ports"));
  checkEnv(errors, container.env, path.child("env"));
  checkEnvFrom(errors, container.envFrom, path.child("envFrom"));
  checkVolumeMounts(errors, container, context.volumes, path.child("volumeMounts"));
  checkVolumeDevices(errors, container, context.volumes, path.child("volumeDevices"));
  checkRequiredOneOf(errors, container.imagePullPolicy, pullPolicies, () => path.child("imagePullPolicy"));
  checkContainerResources(errors, container.resources, context.claimNames, path.child("resources"));
  checkResizePolicies(errors, container, context, path.child("resizePolicy"));
  checkSecurityContext(errors, container.securityContext, context.spec, path.child("securityContext"));
}

function checkHooksAndProbes(errors: Errors, container: Container, context: PodContext, path: FieldPath): void {
  const graceSeconds = context.spec.terminationGracePeriodSeconds;
  checkLifecycle(errors, container.lifecycle, graceSeconds, path.child("lifecycle"));
  checkLiveness(errors, container.livenessProbe, graceSeconds, path.child("livenessProbe"));
  checkReadiness(errors, container.readinessProbe, graceSeconds, path.child("readinessProbe"));
  checkStartup(errors, container.startupProbe, graceSeconds, path.child("startupProbe"));
}

/** The app containers: at least one, with names of their own. */
export function checkContainers(errors: Errors, context: PodContext, path: FieldPath): void {
  const containers = context.spec.containers ?? [];
  if (containers.length === 0) {
    errors.push(required(path));
    return;
  }
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const at = path.index(index);
    checkCommon(errors, container, context, at);
    const name = container.name ?? "";
    if (names.has(name)) errors.push(duplicate(at.child("name"), name));
    names.add(name);
    checkHooksAndProbes(errors, container, context, at);
    checkRestartRules(errors, container, at);
  }
  checkHostPortConflicts(errors, containers, path);
}

const sidecarOnly = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;

/** Init containers, sidecars (`restartPolicy: Always`, KEP-753) among them. */
export function checkInitContainers(errors: Errors, context: PodContext, path: FieldPath): void {
  const names = new Set((context.spec.containers ?? []).map(({ name }) => name ?? ""));
  for (const [index, container] of (context.spec.initContainers ?? []).entries()) {
    const at = path.index(index);
    checkCommon(errors, container, context, at);
    checkInitRestart(errors, container, at);
    if (names.has(container.name ?? "")) errors.push(duplicate(at.child("name"), container.name ?? ""));
    if (container.name) names.add(container.name);
    checkHostPortConflicts(errors, [container], path);
    if (container.restartPolicy === "Always") checkHooksAndProbes(errors, container, context, at);
    else checkEndsOnce(errors, container, at);
  }
}

/** An init container that ends is not looked after while it runs. */
function checkEndsOnce(errors: Errors, container: Container, path: FieldPath): void {
  for (const field of sidecarOnly) {
    if (!container[field]) continue;
    const why = "may not be set for init containers without restartPolicy=Always";
    errors.push(forbiddenField(path.child(field), why));
  }
  for (const [index, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (restartPolicy !== "RestartContainer") continue;
    const at = path.child("resizePolicy").index(index).child("restartPolicy");
    errors.push(invalid(at, restartPolicy, "must not be set to 'RestartContainer' for non-sidecar initContainers"));
  }
}

/** Fields of a container that an ephemeral one may have (KEP-277). */
const ephemeralFields = new Set([
  "name",
  "image",
  "command",
  "args",
  "workingDir",
  "env",
  "envFrom",
  "volumeMounts",
  "volumeDevices",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "imagePullPolicy",
  "securityContext",
  "stdin",
  "stdinOnce",
  "tty",
  "targetContainerName",
]);

/** The order in which the real server names forbidden fields. */
const forbiddenInEphemeral = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

const notInEphemeral = "cannot be set for an Ephemeral Container";

/** Pods, unlike templates, have images without blanks around them. */
export function checkImageTrimmed(errors: Errors, { image = "" }: Container, path: FieldPath): void {
  if (image.trim() === image) return;
  errors.push(invalid(path.child("image"), image, "must not have leading or trailing whitespace"));
}

/** Containers added to a running pod to look into it. */
export function checkEphemeralContainers(errors: Errors, context: PodContext, path: FieldPath): void {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = context.spec;
  const others = new Set([...containers, ...initContainers].map(({ name }) => name));
  const names = new Set(others);
  for (const [index, container] of ephemeralContainers.entries()) {
    const at = path.index(index);
    checkCommon(errors, container, context, at);
    checkImageTrimmed(errors, container, at);
    const name = container.name ?? "";
    if (names.has(name)) errors.push(duplicate(at.child("name"), name));
    names.add(name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(fieldNotFound(at.child("targetContainerName"), target));
    for (const field of forbiddenInEphemeral) {
      const value = container[field];
      const isSet = field === "resources" ? Object.keys(value ?? {}).length > 0 : value !== undefined;
      if (isSet && !ephemeralFields.has(field)) {
        errors.push(forbiddenField(at.child(field), notInEphemeral));
      }
    }
    for (const [position, mount] of (container.volumeMounts ?? []).entries()) {
      const mountPath = at.child("volumeMounts").index(position);
      for (const field of ["subPath", "subPathExpr"] as const) {
        if (mount[field]) errors.push(forbiddenField(mountPath.child(field), notInEphemeral));
      }
    }
  }
}
