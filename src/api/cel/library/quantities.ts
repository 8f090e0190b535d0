import {
  compareQuantities,
  isQuantity,
  parseQuantity,
  type Quantity,
  quantityToNumber,
  subtractQuantities,
  addQuantities as sum,
} from "../../machinery/quantity.ts";
import { fixed, walk } from "../costs.ts";
import { CelError } from "../errors.ts";
import { define, type Library, method } from "../overload.ts";
import { intMax, intMin, type OpaqueValue, opaque, type Value } from "../values.ts";

const name = "kubernetes.Quantity";

class Amount {
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    this.quantity = quantity;
  }
  equals(other: unknown): boolean {
    return this.compare(other) === 0;
  }
  compare(other: unknown): number {
    return compareQuantities(this.quantity, (other as Amount).quantity);
  }
}

/** Quantities: `quantity('1Gi').isLessThan(quantity('2G'))`. */
export function addQuantities(library: Library): void {
  const amount = (value: Value | undefined) => ((value as OpaqueValue).value as Amount).quantity;
  const number = (value: Value | undefined): Quantity => parseQuantity(String(value));
  define(
    library,
    "quantity",
    `(string): ${name}`,
    ([text]) => opaque(name, new Amount(parse(text as string))),
    walk(0),
  );
  define(library, "isQuantity", "(string): bool", ([text]) => isQuantity(text as string), walk(0));
  method(library, "sign", `${name} (): int`, ([value]) => BigInt(Math.sign(compareQuantities(amount(value), "0"))));
  method(library, "isGreaterThan", `${name} (${name}): bool`, ([a, b]) => compareQuantities(amount(a), amount(b)) > 0);
  method(library, "isLessThan", `${name} (${name}): bool`, ([a, b]) => compareQuantities(amount(a), amount(b)) < 0);
  method(library, "compareTo", `${name} (${name}): int`, ([a, b]) =>
    BigInt(Math.sign(compareQuantities(amount(a), amount(b)))),
  );
  method(library, "asApproximateFloat", `${name} (): double`, ([value]) => quantityToNumber(amount(value)));
  method(library, "asInteger", `${name} (): int`, ([value]) => {
    const whole = wholeOf(amount(value));
    if (whole === undefined) throw new CelError("cannot convert value to integer");
    return whole;
  });
  method(library, "isInteger", `${name} (): bool`, ([value]) => wholeOf(amount(value)) !== undefined);
  for (const [method_, operate] of [
    ["add", sum],
    ["sub", subtractQuantities],
  ] as const) {
    const run =
      (read: typeof amount) =>
      ([a, b]: readonly Value[]) =>
        opaque(name, new Amount(operate(amount(a), read(b))));
    method(library, method_, `${name} (${name}): ${name}`, run(amount), { estimate: () => ({ cost: fixed(1) }) });
    method(library, method_, `${name} (int): ${name}`, run(number));
  }
}

function parse(text: string): Quantity {
  try {
    if (isQuantity(text)) return parseQuantity(text);
  } catch {
    // Told below.
  }
  throw new CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

/** The quantity as an int; undefined if it has a fraction or is too large. */
function wholeOf(quantity: Quantity): bigint | undefined {
  const value = quantityToNumber(quantity);
  if (!Number.isInteger(value)) return undefined;
  const whole = BigInt(value);
  if (whole < intMin || whole > intMax || compareQuantities(quantity, String(whole)) !== 0) return undefined;
  return whole;
}
