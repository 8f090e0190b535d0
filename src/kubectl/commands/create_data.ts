// `create configmap` and `create secret …`.

import { base64 } from "../../base/bytes.ts";
import { defineCommand } from "../command.ts";
import { dataFromFlags, makeObject, makingFlags, nameOf } from "../creating.ts";
import { CommandError } from "../errors.ts";
import type { FlagTable } from "../flags.ts";
import { absolute } from "../kubeconfig.ts";

const sourceFlags: FlagTable = {
  "from-file": {
    type: "strings",
    help: "Key file can be specified using its file path, in which case file basename will be used as key.",
  },
  "from-literal": { type: "array", help: "Specify a key and literal value to insert (i.e. mykey=somevalue)" },
  "from-env-file": { type: "strings", help: "Specify the path to a file to read lines of key=val pairs." },
  "append-hash": { type: "bool", help: "Append a hash to the name." },
};

export const createConfigMap = defineCommand({
  path: "create configmap",
  usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]",
  summary: "Create a config map from a local file, directory or literal value",
  flags: { ...makingFlags, ...sourceFlags },
  async run(call) {
    const name = nameOf(call);
    if (call.flags.bool("append-hash")) throw new CommandError("not supported yet: --append-hash");
    const data: Record<string, string> = {};
    const binaryData: Record<string, string> = {};
    for (const [key, bytes] of await dataFromFlags(call)) {
      try {
        data[key] = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch {
        binaryData[key] = base64(bytes);
      }
    }
    await makeObject(call, {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name },
      ...(Object.keys(data).length > 0 ? { data } : {}),
      ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}),
    });
  },
});

export const createSecretGeneric = defineCommand({
  path: "create secret generic",
  usage:
    "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]",
  summary: "Create a secret from a local file, directory, or literal value",
  flags: { ...makingFlags, ...sourceFlags, type: { type: "string", help: "The type of secret to create" } },
  async run(call) {
    const name = nameOf(call);
    const data: Record<string, string> = {};
    for (const [key, bytes] of await dataFromFlags(call)) data[key] = base64(bytes);
    const type = call.flags.string("type");
    await makeObject(call, {
      kind: "Secret",
      apiVersion: "v1",
      metadata: { name },
      ...(Object.keys(data).length > 0 ? { data } : {}),
      ...(type ? { type } : {}),
    });
  },
});

export const createSecretTls = defineCommand({
  path: "create secret tls",
  usage: "NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none] [options]",
  summary: "Create a TLS secret",
  flags: {
    ...makingFlags,
    cert: { type: "string", help: "Path to PEM encoded public key certificate." },
    key: { type: "string", help: "Path to private key associated with given certificate." },
  },
  async run(call) {
    const name = nameOf(call);
    const { flags, machine, self } = call;
    if (!flags.string("cert") || !flags.string("key")) throw new CommandError("key and cert must be specified");
    const read = async (path: string) => base64(await machine.disk.read(absolute(path, self.cwd())));
    const data = { "tls.crt": await read(flags.string("cert")), "tls.key": await read(flags.string("key")) };
    await makeObject(call, { kind: "Secret", apiVersion: "v1", metadata: { name }, type: "kubernetes.io/tls", data });
  },
});

export const createSecretDockerRegistry = defineCommand({
  path: "create secret docker-registry",
  usage:
    "NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [options]",
  summary: "Create a secret for use with a Docker registry",
  flags: {
    ...makingFlags,
    "docker-server": {
      type: "string",
      default: "https://index.docker.io/v1/",
      help: "Server location for Docker registry",
    },
    "docker-username": { type: "string", help: "Username for Docker registry authentication" },
    "docker-password": { type: "string", help: "Password for Docker registry authentication" },
    "docker-email": { type: "string", help: "Email for Docker registry" },
  },
  async run(call) {
    const name = nameOf(call);
    const [username, password, email] = ["username", "password", "email"].map((word) =>
      call.flags.string(`docker-${word}`),
    );
    if (!username || !password) {
      throw new CommandError(
        "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
      );
    }
    const auth = base64(new TextEncoder().encode(`${username}:${password}`));
    const entry = { username, password, ...(email ? { email } : {}), auth };
    const text = JSON.stringify({ auths: { [call.flags.string("docker-server")]: entry } });
    const data = { ".dockerconfigjson": base64(new TextEncoder().encode(text)) };
    await makeObject(call, {
      kind: "Secret",
      apiVersion: "v1",
      metadata: { name },
      type: "kubernetes.io/dockerconfigjson",
      data,
    });
  },
});
