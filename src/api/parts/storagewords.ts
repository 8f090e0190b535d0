// How volumes and claims show their storage.

const accessModeWords = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
] as const;

/** `RWO,ROX`, always in the same order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return accessModeWords
    .filter(([mode]) => modes?.includes(mode))
    .map(([, word]) => word)
    .join(",");
}

/** The storage class of a volume or a claim: the old annotation wins over the field. */
export function storageClassOf({ metadata, spec }: any): string {
  return metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName ?? "";
}

/** The phase, `Terminating` once deletion is asked for. */
export function phaseText({ metadata, status }: any): string {
  return metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? "");
}
