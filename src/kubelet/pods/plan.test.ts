import assert from "node:assert/strict";
import { test } from "node:test";
import { planPod } from "./plan.ts";
import type { Pod } from "./pod.ts";
import { planText, podOf, worldOf } from "./worlds.ts";

const check = (what: string, pod: Pod, world: string, plan: string) =>
  test(what, () => assert.equal(planText(planPod(worldOf(pod, world))), plan));

const plain = podOf({});
const never = podOf({ restartPolicy: "Never" });
const onFailure = podOf({ restartPolicy: "OnFailure" });
const two = podOf({ containers: ["a", "b"] });
const init = podOf({ initContainers: ["i", "j"] });
const side = { name: "s", restartPolicy: "Always" };
const sidecar = podOf({ initContainers: ["i", side, "j"] });
const probedSide = podOf({ initContainers: [{ ...side, startupProbe: {} }, "j"] });
const batch = podOf({ restartPolicy: "Never", initContainers: [side, { ...side, name: "t" }] });

check("volumes come first", plain, "unmounted", "mount");
check("nothing starts while volumes are being mounted", plain, "mounting", "");
check("a new pod gets a sandbox", plain, "", "sandbox #0");
check("one sandbox at a time", plain, "creating", "");
check("then its container", plain, "sandbox", "start c #0");
check("one start at a time", two, "sandbox | starting a", "");
check("containers start in order", two, "sandbox | a running", "start b #0");
check("a pod that runs is left alone", two, "sandbox | a running | b running", "");
check("after a restart of the kubelet nothing is started again", plain, "sandbox #3 | c running #7 in:3", "");

check("a container that ended restarts at once the first time", plain, "sandbox | c exited 0", "start c #1 then 10s");
check("then it waits", plain, "sandbox | c exited 1 ago:4 #1 | backoff c 10", "c waits CrashLoopBackOff | wake 6s");
check("and waits twice as long", plain, "sandbox | c exited 1 ago:12 #1 | backoff c 10", "start c #2 then 20s");
check(
  "but not more than five minutes",
  plain,
  "sandbox | c exited 1 ago:400 #9 | backoff c 300",
  "start c #10 then 300s",
);
check("Never means never", never, "sandbox | c exited 1", "stopSandboxes");
check("OnFailure restarts failures", onFailure, "sandbox | c exited 2", "start c #1 then 10s");
check("OnFailure leaves success", onFailure, "sandbox | c exited 0", "stopSandboxes");
check(
  "one that still runs keeps the pod",
  podOf({ restartPolicy: "Never", containers: ["a", "b"] }),
  "sandbox | a exited 0 | b running",
  "",
);
check(
  "a container's own rules come first",
  podOf({
    restartPolicy: "Never",
    containers: [
      { name: "c", restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }] },
    ],
  }),
  "sandbox | c exited 42",
  "start c #1 then 10s",
);
check("a failed start is tried later", plain, "sandbox | retry c 5", "c waits ErrImagePull | wake 5s");
check(
  "one container's failure does not hold up another",
  two,
  "sandbox | retry a 5",
  "start b #0 | a waits ErrImagePull | wake 5s",
);
check(
  "the last two of a container are kept",
  plain,
  "sandbox | c running #3 | c exited 1 #2 old | c exited 1 #1 old",
  "removeContainer id-c-1",
);

check("init containers run one after the other", init, "sandbox", "start i #0");
check("the next waits for the one before", init, "sandbox | i running", "");
check("and comes after its success", init, "sandbox | i exited 0", "start j #0");
check("the main ones come last", init, "sandbox | i exited 0 | j exited 0", "start c #0");
check("a failed init container restarts", init, "sandbox | i exited 1", "start i #1 then 10s");
check(
  "unless nothing restarts",
  podOf({ restartPolicy: "Never", initContainers: ["i"] }),
  "sandbox | i exited 1",
  "stopSandboxes",
);
check(
  "init containers do not run again once the main ones ran",
  init,
  "sandbox | i exited 0 | j exited 0 | c exited 1",
  "start c #1 then 10s",
);

check("a sidecar starts in its turn", sidecar, "sandbox | i exited 0", "start s #0");
check("and lets the next start once it runs", sidecar, "sandbox | i exited 0 | s running", "start j #0");
check("a sidecar with a startup probe holds the next up", probedSide, "sandbox | s running", "");
check("until the probe succeeds", probedSide, "sandbox | s running | probe started s", "start j #0");
check(
  "a sidecar restarts beside main containers",
  sidecar,
  "sandbox | i exited 0 | j exited 0 | s exited 1 | c running",
  "start s #1 then 10s",
);
check(
  "sidecars end after the main containers, last first",
  batch,
  "sandbox | s running | t running | c exited 0",
  "kill t 30s",
);
check("and then the first", batch, "sandbox | s running | t exited 0 | c exited 0", "kill s 30s");
check("a sidecar's failure is not the pod's", batch, "sandbox | s exited 1 | t exited 1 | c exited 0", "stopSandboxes");

check("a lost sandbox is replaced", plain, "sandbox down | c exited 137", "sandbox #1");
check(
  "and the container starts in the new one, counted on",
  plain,
  "sandbox down | sandbox #1 | c exited 137 #2",
  "start c #3",
);
check(
  "init containers run again in a new sandbox",
  init,
  "sandbox down | sandbox #1 | i exited 0 | j exited 0 | c exited 137",
  "start i #1",
);
check("a pod that had ended gets no new sandbox", never, "sandbox down | c exited 0", "finish");
check("what outlived its sandbox is ended first", plain, "sandbox down | c running", "kill c 2s");
check(
  "an old sandbox goes with its last container",
  plain,
  "sandbox down | sandbox #1 | c running #1 in:1",
  "removeSandbox s0",
);

check("a container that fails its probe is killed", plain, "sandbox | c running | probe liveness c", "kill c 30s");
check("once", plain, "sandbox | c running | probe liveness c | killing c in:30", "");
check("a container whose image changed is replaced", plain, "sandbox | c running changed", "kill c 30s");

check("a deleted pod's containers get their grace", plain, "sandbox | c running | deleted 30", "kill c 30s");
check("less what has passed", plain, "sandbox | c running | deleted 30 ago:10", "kill c 20s");
check("a kill under way is not repeated", plain, "sandbox | c running | deleted 30 | killing c in:30", "");
check("nor for a part of a second", plain, "sandbox | c running | deleted 30 ago:0.5 | killing c in:30", "");
check("but made shorter", plain, "sandbox | c running | deleted 5 | killing c in:30", "kill c 5s");
check("deleted while it starts: the start is ended", plain, "sandbox | starting c | deleted 30", "abortStart");
check("then the sandbox", plain, "sandbox | c exited 0 | deleted 30", "stopSandboxes");
check("then everything else", plain, "sandbox down | c exited 0 | deleted 30", "finish");
check("a pod that never began is just finished", plain, "deleted 30", "finish");
check("no container restarts in a deleted pod", plain, "sandbox | c exited 1 | deleted 30 | killing c in:1", "");
check("a pod the API has forgotten has a second", plain, "sandbox | c running | gone", "kill c 1s");
check("and leaves no trace", plain, "sandbox down | c exited 137 | gone", "cleanUp");

const short = podOf({ activeDeadlineSeconds: 60 });
check("a deadline is waited for", short, "sandbox | c running | started ago:20", "wake 40s");
check(
  "a pod past its deadline fails",
  short,
  "sandbox | c running | started ago:60",
  "fail DeadlineExceeded | kill c 30s",
);
check(
  "and stays failed",
  short,
  "sandbox | c running | started ago:70 | failed DeadlineExceeded | killing c in:30",
  "",
);
check("an evicted pod ends", plain, "sandbox | c running | failed Evicted", "kill c 30s");

const sized = { name: "c", resources: { requests: { cpu: "2" } } };
check(
  "a resize changes the running container",
  podOf({ containers: [sized] }),
  "sandbox | c running cpu:1",
  "resize c",
);
check("nothing to resize", podOf({ containers: [sized] }), "sandbox | c running cpu:2", "");
const resizePolicy = [{ resourceName: "cpu", restartPolicy: "RestartContainer" }];
check(
  "a resize that asks for a restart",
  podOf({ containers: [{ ...sized, resizePolicy }] }),
  "sandbox | c running cpu:1",
  "kill c 30s",
);
