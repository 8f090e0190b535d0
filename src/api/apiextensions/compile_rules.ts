import { type Compilation, compile, type Program } from "../cel/cel.ts";
import { schemaType } from "../cel/schema_type.ts";
import type { CelType } from "../cel/types.ts";
import type { Schema } from "../machinery/schema.ts";
import { findField } from "./paths.ts";
import type { JsonSchema, ValidationRule } from "./types.ts";

export interface CompiledRule {
  rule: ValidationRule;
  /** Absent if the rule is wrong; `error` says how. */
  program?: Program;
  /** Of the rule's own message; absent if it has none or a wrong one. */
  message?: Program;
  error?: string;
  messageError?: string;
  /** The rule sees a missing old value too, as an optional. */
  optionalOld: boolean;
  /** Where below the rule's value its errors are. */
  at?: string;
}

/** Compiles the rules of a schema's own place. `resourceRoot`: its values are objects with a kind and metadata. */
export function compileRules(schema: JsonSchema, resourceRoot: boolean): CompiledRule[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  if (rules.length === 0) return [];
  const self = schemaType(schema as Schema, { resourceRoot });
  return self ? rules.map((rule) => compileRule(rule, self, schema)) : [];
}

function compileRule(rule: ValidationRule, self: CelType, schema: JsonSchema): CompiledRule {
  const optionalOld = rule.optionalOldSelf === true;
  const oldSelf: CelType = optionalOld ? { kind: "optional", item: self } : self;
  const environment = { variables: { self, oldSelf } };
  const found = rule.fieldPath ? findField(rule.fieldPath, schema, { lists: true }) : undefined;
  const compiled: CompiledRule = { rule, optionalOld, ...(found && "text" in found ? { at: found.text } : {}) };
  const program = compile(rule.rule, environment);
  if (!program.ok) compiled.error = failure("compilation failed", program);
  else if (program.program.type.kind !== "bool") compiled.error = "cel expression must evaluate to a bool";
  else compiled.program = program.program;
  if (!rule.messageExpression) return compiled;
  const message = compile(rule.messageExpression, environment);
  if (!message.ok) compiled.messageError = failure("messageExpression compilation failed", message);
  else if (message.program.type.kind !== "string")
    compiled.messageError = "messageExpression must evaluate to a string";
  else compiled.message = message.program;
  return compiled;
}

function failure(what: string, compilation: Extract<Compilation, { ok: false }>): string {
  return `${what}: ${compilation.message}`;
}
