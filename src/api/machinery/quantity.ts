// Kubernetes quantities (`500m`, `1Gi`, `2e3`): exact numbers of nano units with the family of suffix they were written in.

export interface Quantity {
  /** The value times 10⁹. Finer values were rounded away from zero when they were read. */
  readonly nano: bigint;
  readonly format: "DecimalSI" | "BinarySI" | "DecimalExponent";
}

/** What stands for a quantity in an object. */
export type QuantityLike = string | number | Quantity;

const nanoPerUnit = 1_000_000_000n;
const nanoPerMilli = 1_000_000n;
const quantityMax = (2n ** 63n - 1n) * nanoPerUnit;

const decimalExponents: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const decimalSuffixes = new Map(Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]));
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const syntaxMessage = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixMessage = "unable to parse quantity's suffix";

/** Texts that were read already: the same few quantities come again and again. Bounded by starting over. */
const memo = new Map<string, Quantity>();
const canonicalMemo = new Map<string, string>();
const memoMax = 2000;

function remember<T>(map: Map<string, T>, key: string, value: T): T {
  if (map.size >= memoMax) map.clear();
  map.set(key, value);
  return value;
}

/** Reads a quantity. Throws an Error with Kubernetes' message for text that is none. */
export function parseQuantity(value: QuantityLike): Quantity {
  if (typeof value === "object") return value;
  const text = typeof value === "number" ? String(value) : value;
  return memo.get(text) ?? remember(memo, text, parse(text));
}

/** Whether a text is a quantity. */
export function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}

function parse(text: string): Quantity {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text);
  if (!match || (match[2] === "" && !match[3])) throw new Error(syntaxMessage);
  const [, sign, whole, fraction = "", suffix] = match;
  const { format, base, exponent } = readSuffix(suffix!);
  const digits = BigInt(`${whole}${fraction}` || "0");
  let nano = scale(digits, base, exponent, fraction.length);
  if (nano > quantityMax) nano = quantityMax;
  // A fraction of one thing has no binary suffix.
  const family = format === "BinarySI" && nano < nanoPerUnit && nano > 0n ? "DecimalSI" : format;
  return { nano: sign === "-" ? -nano : nano, format: family };
}

function readSuffix(suffix: string): { format: Quantity["format"]; base: 2 | 10; exponent: number } {
  const decimal = decimalExponents[suffix];
  if (decimal !== undefined) return { format: "DecimalSI", base: 10, exponent: decimal };
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { format: "BinarySI", base: 2, exponent: binary * 10 };
  const scientific = /^[eE]([+-]?\d+)$/.exec(suffix);
  if (!scientific) throw new Error(suffixMessage);
  // Beyond these the value is the limit or the least anyway, and powers of ten would take forever.
  const exponent = Math.max(-100, Math.min(100, Number(scientific[1])));
  return { format: "DecimalExponent", base: 10, exponent };
}

/** `digits × base^exponent ÷ 10^decimals` in nano units, rounded up. */
function scale(digits: bigint, base: 2 | 10, exponent: number, decimals: number): bigint {
  let numerator = digits * nanoPerUnit;
  let denominator = 10n ** BigInt(decimals);
  if (exponent >= 0) numerator *= BigInt(base) ** BigInt(exponent);
  else denominator *= BigInt(base) ** BigInt(-exponent);
  return (numerator + denominator - 1n) / denominator;
}

/** The canonical text: no fraction, the largest suffix that keeps the value exact. */
export function formatQuantity(quantity: Quantity): string {
  const { nano, format } = quantity;
  if (nano === 0n) return "0";
  const size = nano < 0n ? -nano : nano;
  const sign = nano < 0n ? "-" : "";
  const binary = format === "BinarySI" && size >= 1024n * nanoPerUnit && size % nanoPerUnit === 0n;
  return sign + (binary ? formatBinary(size / nanoPerUnit) : formatDecimal(size, format));
}

function formatBinary(size: bigint): string {
  let mantissa = size;
  let step = 0;
  while (mantissa % 1024n === 0n && step < binarySuffixes.length - 1) {
    mantissa /= 1024n;
    step++;
  }
  return `${mantissa}${binarySuffixes[step]}`;
}

function formatDecimal(nano: bigint, format: Quantity["format"]): string {
  let mantissa = nano;
  let exponent = -9;
  while (mantissa % 1000n === 0n && exponent < 18) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format === "DecimalExponent") return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  return `${mantissa}${decimalSuffixes.get(exponent)}`;
}

/** A quantity's text as the server stores it: "0.5" gives "500m", "1024Mi" gives "1Gi". Throws like `parseQuantity`. */
export function canonicalQuantity(value: string | number): string {
  const text = typeof value === "number" ? String(value) : value;
  return canonicalMemo.get(text) ?? remember(canonicalMemo, text, formatQuantity(parseQuantity(text)));
}

/** `canonicalQuantity` of an amount of a resource: those are counted in thousandths, and what is finer is rounded up. */
export function canonicalAmount(value: string | number): string {
  const text = canonicalQuantity(value);
  if (!/[nu]$|e-/.test(text)) return text;
  const { nano, format } = parseQuantity(text);
  return formatQuantity({ nano: ceilDivide(nano, nanoPerMilli) * nanoPerMilli, format });
}

/** Negative if a < b, zero if they are the same amount, positive if a > b. */
export function compareQuantities(a: QuantityLike, b: QuantityLike): number {
  const difference = parseQuantity(a).nano - parseQuantity(b).nano;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The sum, in the family of the first that isn't zero. */
export function addQuantities(a: QuantityLike, b: QuantityLike): Quantity {
  const [first, second] = [parseQuantity(a), parseQuantity(b)];
  return { nano: first.nano + second.nano, format: first.nano === 0n ? second.format : first.format };
}

/** The difference, in the family of the first that isn't zero. */
export function subtractQuantities(a: QuantityLike, b: QuantityLike): Quantity {
  const second = parseQuantity(b);
  return addQuantities(a, { nano: -second.nano, format: second.format });
}

/** The value as a floating point number. */
export function quantityToNumber(value: QuantityLike): number {
  return Number(parseQuantity(value).nano) / 1e9;
}

/** The value in whole units, rounded up: bytes of memory, for instance. */
export function quantityValue(value: QuantityLike): number {
  return Number(ceilDivide(parseQuantity(value).nano, nanoPerUnit));
}

/** The value in thousandths, rounded up: millicores, for instance. */
export function milliValue(value: QuantityLike): number {
  return Number(ceilDivide(parseQuantity(value).nano, nanoPerMilli));
}

/** Division that rounds away from zero, as Kubernetes scales. */
function ceilDivide(value: bigint, by: bigint): bigint {
  return value < 0n ? -((-value + by - 1n) / by) : (value + by - 1n) / by;
}
