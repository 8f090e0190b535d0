import { decoder } from "../../api/machinery/decode.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { protobufDecoder } from "../../api/machinery/protobuf/decode.ts";
import { definitionOfKind, loadedDefinitionOfKind, openEnvelope } from "../../api/machinery/protobuf/envelope.ts";

/** Loads what `readEnvelope` needs. */
export async function loadEnvelopes(): Promise<void> {
  await definitionOfKind("v1", "Pod");
}

/** The object in what Kubernetes has stored as protobuf. Throws for a kind that is not known. */
export function readEnvelope(value: Uint8Array): KubeObject {
  const { apiVersion, kind, raw } = openEnvelope(value);
  const name = loadedDefinitionOfKind(apiVersion, kind);
  if (name === undefined) throw new Error(`no kind ${JSON.stringify(kind)} is registered for version ${apiVersion}`);
  const object = decoder(name, definitions)(protobufDecoder(name, definitions)(raw)).object;
  return { ...object, apiVersion, kind } as KubeObject;
}
