// Runs sessions with the real kubectl, if there is one, and with ours, against the server of KUBECONFIG:
//
//   KUBECONFIG=… node test/script/run.ts [--ours | --real] test/script/cluster/*.txt
//
// Each run has a namespace of its own, `<ns>` in a session, which is deleted at its end.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { matches, parseSession, type Session, type Step } from "./session.ts";

export interface Tool {
  name: "real" | "ours";
  /** The line of sh that runs it with "$@". */
  run: string;
}

const root = join(import.meta.dirname, "..", "..");

/** Ours, and the real one where it is installed. */
export function tools(): Tool[] {
  const ours: Tool = { name: "ours", run: `exec "${join(root, "bin", "typernetes")}" kubectl "$@"` };
  const real = ["/usr/bin/kubectl", "/usr/local/bin/kubectl"].find((path) => existsSync(path));
  return real ? [{ name: "real", run: `exec "${real}" "$@"` }, ours] : [ours];
}

/** A session whose name ends in `.ours.txt` is for ours alone. */
export function runsWith(path: string, { name }: Tool): boolean {
  return name === "ours" || !path.endsWith(".ours.txt");
}

interface Output {
  stdout: string;
  stderr: string;
  code: number;
}

function shell(command: string, cwd: string, env: Record<string, string>): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", command], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output.stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...output, code: code ?? 1 }));
  });
}

/** Runs a session with a tool. Resolves to what was not as expected; nothing if all was. */
export async function runSession(session: Session, tool: Tool, kubeconfig: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), "session-"));
  const namespace = `s-${Math.random().toString(36).slice(2, 8)}`;
  try {
    const env = await prepare(directory, tool, session, kubeconfig, namespace);
    const variables = new Map([["NS", namespace]]);
    for (const step of session.steps) {
      const problem = await runStep(fill(step, variables, namespace), directory, env, variables);
      // What follows builds on what went before.
      if (problem) return [`line ${step.line}, ${tool.name}: $ ${step.command}\n${problem}`];
    }
    return [];
  } finally {
    const ours = tools().at(-1)!;
    await writeFile(join(directory, "bin", "kubectl"), `#!/bin/sh\n${ours.run}\n`);
    const env = { KUBECONFIG: kubeconfig, HOME: directory };
    await shell(`bin/kubectl delete namespace ${namespace} --wait=false --ignore-not-found`, directory, env);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Lays out the session's files, its kubectl and a kubeconfig whose namespace is the session's. */
async function prepare(
  directory: string,
  tool: Tool,
  session: Session,
  kubeconfig: string,
  namespace: string,
): Promise<Record<string, string>> {
  for (const [path, text] of session.files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text.replaceAll("<ns>", namespace));
  }
  await mkdir(join(directory, "bin"));
  const program = join(directory, "bin", "kubectl");
  await writeFile(program, `#!/bin/sh\n${tool.run}\n`);
  await chmod(program, 0o755);
  const own = join(directory, "kubeconfig");
  const env = { KUBECONFIG: own, HOME: directory, PATH: `${join(directory, "bin")}:${process.env.PATH}` };
  const flat = await shell("kubectl config view --raw --flatten --minify", directory, {
    ...env,
    KUBECONFIG: kubeconfig,
  });
  if (flat.code !== 0) throw new Error(`kubeconfig ${kubeconfig}: ${flat.stderr}`);
  await writeFile(own, flat.stdout);
  await writeFile(
    join(directory, "namespace.yaml"),
    `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${namespace}}\n`,
  );
  await writeFile(join(directory, "account.yaml"), "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\n");
  const made = await shell(
    // Alone, an API server makes no accounts: then we do.
    `set -e
    kubectl create -f namespace.yaml
    kubectl config set-context --current --namespace=${namespace}
    for attempt in 1 2 3; do kubectl get serviceaccount default && break; sleep 0.3; done
    kubectl get serviceaccount default || kubectl create -f account.yaml || kubectl get serviceaccount default
    rm account.yaml namespace.yaml`,
    directory,
    env,
  );
  if (made.code !== 0) throw new Error(`namespace ${namespace}: ${made.stderr}`);
  return env;
}

function fill(step: Step, variables: ReadonlyMap<string, string>, namespace: string): Step {
  const put = (text: string) =>
    text
      .replaceAll("<ns>", namespace)
      .replace(/\$\{([A-Z_]+)\}/g, (whole, name: string) => variables.get(name) ?? whole);
  return { ...step, command: put(step.command), stdout: step.stdout.map(put), stderr: step.stderr.map(put) };
}

async function runStep(
  step: Step,
  directory: string,
  env: Record<string, string>,
  variables: Map<string, string>,
): Promise<string | undefined> {
  const deadline = performance.now() + (step.untilMs ?? 0);
  for (;;) {
    const output = await shell(step.command, directory, env);
    if (step.variable) {
      variables.set(step.variable, output.stdout.trim());
      return output.code === 0 ? undefined : `exit code ${output.code}\n${output.stderr}`;
    }
    const problem = compare(step, output);
    if (!problem || performance.now() > deadline) return problem;
    await sleep(500);
  }
}

function compare({ stdout, stderr, code }: Step, output: Output): string | undefined {
  const problems: string[] = [];
  const tell = (title: string, expected: readonly string[], printed: string) =>
    problems.push(
      `  wanted on ${title}:\n${expected.map((line) => `    ${line}\n`).join("")}  got:\n${printed.replace(/^/gm, "    ")}`,
    );
  if (!matches(stdout, output.stdout)) tell("standard output", stdout, output.stdout);
  if (!matches(stderr, output.stderr)) tell("standard error", stderr, output.stderr);
  if (code !== output.code) problems.push(`  wanted exit code ${code}, got ${output.code}`);
  return problems.length > 0 ? problems.join("\n") : undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const kubeconfig = process.env.KUBECONFIG;
  if (!kubeconfig) throw new Error("KUBECONFIG: wanted the path of a kubeconfig");
  const only = args.find((word) => word === "--ours" || word === "--real")?.slice(2);
  const chosen = tools().filter(({ name }) => !only || name === only);
  let failed = 0;
  for (const path of args.filter((word) => !word.startsWith("--"))) {
    const session = parseSession(await readFile(path, "utf8"));
    for (const tool of chosen.filter((each) => runsWith(path, each))) {
      const started = performance.now();
      const problems = await runSession(session, tool, kubeconfig);
      failed += problems.length > 0 ? 1 : 0;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${problems.length > 0 ? "FAIL" : "ok"}   ${basename(path)} (${tool.name}, ${seconds} s)`);
      for (const problem of problems) console.log(problem);
    }
  }
  return failed > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) process.exit(await main(process.argv.slice(2)));
