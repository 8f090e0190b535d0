// IntOrString: a number, or a percentage or name as text.

/** True for `25%`. */
export function isPercent(value: unknown): value is string {
  return typeof value === "string" && /^[0-9]+%$/.test(value);
}

/**
 * The number that `value` means for a whole of `total`: itself, or its percentage of the total, rounded up or down.
 *
 * Throws, in Kubernetes' words, for text that is no percentage.
 */
export function scaledValue(value: number | string, total: number, rounding: "up" | "down"): number {
  if (typeof value === "number") return value;
  if (!value.endsWith("%")) throw new Error("invalid value for IntOrString: invalid type: string is not a percentage");
  if (!/^[+-]?\d+%$/.test(value))
    throw new Error(
      `invalid value for IntOrString: invalid value ${JSON.stringify(value)}: strconv.Atoi: parsing ${JSON.stringify(value.slice(0, -1))}: invalid syntax`,
    );
  // Whole numbers first: 0.07 * 100 is more than 7 in floating point.
  const hundredfold = Number.parseInt(value, 10) * total;
  return rounding === "up" ? Math.ceil(hundredfold / 100) : Math.floor(hundredfold / 100);
}
