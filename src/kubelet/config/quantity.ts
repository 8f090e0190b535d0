const scales: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity as a number: `100m` is 0.1, `1Ki` is 1024. Throws if it is none. */
export function parseQuantity(quantity: string | number): number {
  if (typeof quantity === "number") return quantity;
  const match = /^([+-]?[0-9.]+)(?:[eE]([+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(quantity);
  const [, digits, exponent, suffix] = match ?? [];
  const value = Number(digits);
  if (!match || Number.isNaN(value))
    throw new Error(`parse quantity ${JSON.stringify(quantity)}: want digits and a suffix`);
  if (exponent !== undefined) return value * 10 ** Number(exponent);
  const scale = scales[suffix ?? ""]!;
  // Dividing keeps decimal fractions exact where multiplying by 0.001 would not.
  return scale < 1 ? value / Math.round(1 / scale) : value * scale;
}

/** A CPU quantity in thousandths, rounded up. */
export function milliCpu(quantity: string | number): number {
  return Math.ceil(parseQuantity(quantity) * 1000 - 1e-9);
}

/** A quantity in whole units (bytes), rounded up. */
export function wholeUnits(quantity: string | number): number {
  return Math.ceil(parseQuantity(quantity));
}
