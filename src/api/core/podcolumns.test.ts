import assert from "node:assert/strict";
import { test } from "node:test";
import { checksOf } from "../../../test/declarations.ts";
import { pods } from "./pod.ts";

const { checkRow } = checksOf(pods);

const one = { containers: [{ name: "c", image: "i" }] };
const state = (more: object = {}, lists: object = {}) => ({ phase: "Running", ...more, ...lists });
const running = { name: "c", ready: true, restartCount: 0, state: { running: {} } };
const ready = {
  conditions: [
    { type: "Ready", status: "True" },
    { type: "Initialized", status: "True" },
  ],
};
const ended = (exitCode: number, more: object = {}) => ({ terminated: { exitCode, ...more } });
const waiting = (reason: string) => ({ waiting: { reason } });
const row = (name: string, fields: object, ...cells: string[]) => checkRow(name, { spec: one, ...fields }, ...cells);

row("a new pod is pending", { status: { phase: "Pending" } }, "0/1", "Pending", "0");
row("a pod runs", { status: state(ready, { containerStatuses: [running] }) }, "1/1", "Running", "0");
row(
  "restarts say when the last one was",
  {
    status: state(ready, {
      containerStatuses: [{ ...running, restartCount: 3, lastState: ended(1, { finishedAt: "2025-12-31T23:55:00Z" }) }],
    }),
  },
  "1/1",
  "Running",
  "3 (5m ago)",
);
row(
  "a container that keeps failing says so",
  { status: state({}, { containerStatuses: [{ ...running, ready: false, state: waiting("CrashLoopBackOff") }] }) },
  "0/1",
  "CrashLoopBackOff",
);
row(
  "an end without a reason shows its code",
  { status: state({}, { containerStatuses: [{ name: "c", state: ended(3) }] }) },
  "0/1",
  "ExitCode:3",
);
row(
  "an end by signal shows it",
  { status: state({}, { containerStatuses: [{ name: "c", state: ended(137, { signal: 9 }) }] }) },
  "0/1",
  "Signal:9",
);
row(
  "a pod that is done is completed",
  { status: { phase: "Succeeded", containerStatuses: [{ name: "c", state: ended(0, { reason: "Completed" }) }] } },
  "0/1",
  "Completed",
);
row(
  "a deleted pod is terminating",
  { metadata: { deletionTimestamp: "x" }, status: state(ready, { containerStatuses: [running] }) },
  "1/1",
  "Terminating",
);
row(
  "a deleted pod on a lost node is unknown",
  { metadata: { deletionTimestamp: "x" }, status: state({ reason: "NodeLost" }) },
  "0/1",
  "Unknown",
);
row("an evicted pod says so", { status: { phase: "Failed", reason: "Evicted" } }, "0/1", "Evicted");

const two = {
  ...one,
  initContainers: [
    { name: "a", image: "i" },
    { name: "b", image: "i" },
  ],
};
const inits = (...statuses: object[]) => ({ spec: two, status: { phase: "Pending", initContainerStatuses: statuses } });
const done = { name: "a", restartCount: 0, state: ended(0) };
row(
  "init containers are counted",
  inits({ name: "a", state: { running: {} } }, { name: "b", state: waiting("PodInitializing") }),
  "0/1",
  "Init:0/2",
);
row("the second of them", inits(done, { name: "b", state: { running: {} } }), "0/1", "Init:1/2");
row("an init container's failure", inits({ name: "a", state: ended(1, { reason: "Error" }) }), "0/1", "Init:Error");
row("its exit code", inits({ name: "a", state: ended(2) }), "0/1", "Init:ExitCode:2");
row(
  "its back-off",
  inits({ name: "a", restartCount: 2, state: waiting("CrashLoopBackOff") }),
  "0/1",
  "Init:CrashLoopBackOff",
  "2",
);
row(
  "past the init containers",
  {
    spec: two,
    status: {
      phase: "Pending",
      initContainerStatuses: [done, { ...done, name: "b" }],
      containerStatuses: [{ name: "c", state: waiting("PodInitializing") }],
    },
  },
  "0/1",
  "PodInitializing",
);
row(
  "a sidecar counts as a container",
  {
    spec: { ...one, initContainers: [{ name: "s", image: "i", restartPolicy: "Always" }] },
    status: state(ready, {
      initContainerStatuses: [{ ...running, name: "s", started: true }],
      containerStatuses: [running],
    }),
  },
  "2/2",
  "Running",
);
row(
  "one of two containers done",
  {
    spec: { containers: [...one.containers, { name: "d", image: "i" }] },
    status: state(
      {},
      {
        containerStatuses: [
          { name: "c", state: ended(0, { reason: "Completed" }) },
          { ...running, name: "d" },
        ],
      },
    ),
  },
  "1/2",
  "NotReady",
);

const sidecars = {
  ...one,
  initContainers: [
    { name: "s", image: "i", restartPolicy: "Always" },
    { name: "b", image: "i" },
    { name: "t", image: "i", restartPolicy: "Always" },
  ],
};
const ran = (minute: string) => ({
  restartCount: 1,
  lastState: ended(1, { finishedAt: `2025-12-31T23:${minute}:00Z` }),
});
row(
  "sidecars behind the init container that holds the pod up do not count yet",
  {
    spec: sidecars,
    status: {
      phase: "Pending",
      initContainerStatuses: [
        { ...running, name: "s", started: true, ...ran("50") },
        { name: "b", state: { running: {} } },
        { ...running, name: "t", started: true, ...ran("58") },
      ],
    },
  },
  "1/3",
  "Init:1/3",
  "1 (10m ago)",
);
row(
  "a sidecar that has not started holds the pod up, ready or not",
  { spec: sidecars, status: { phase: "Pending", initContainerStatuses: [{ ...running, name: "s", started: false }] } },
  "0/3",
  "Init:0/3",
);

const conditionReasons = (phase: string) =>
  pods.rowConditions?.({ status: { phase } } as any)?.map(({ reason }) => reason);
test("the row of a pod that is done says so", () => {
  assert.deepEqual(["Running", "Succeeded", "Failed"].map(conditionReasons), [undefined, ["Succeeded"], ["Failed"]]);
});
