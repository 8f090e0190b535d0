/** A value of CEL: int is a bigint, double a number; strings, booleans, null and bytes are themselves. */
export type Value = null | boolean | bigint | number | string | Uint8Array | object;

/** A value as JSON: ints and doubles are numbers, bytes base64, times and durations texts. */
export declare function toJson(value: Value): unknown;
