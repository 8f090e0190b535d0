// Metadata of templates, from which other objects are made: those get names and the rest of their own.

import { type FieldPath, forbiddenField } from "../machinery/field.ts";
import { checkAnnotations, checkLabels, type Errors } from "./checks.ts";

/** What a template cannot say, by the names of the real server's struct, of which only the first letter is made small. */
const notSaid: Readonly<Record<string, string>> = {
  name: "name",
  generateName: "generateName",
  namespace: "namespace",
  selfLink: "selfLink",
  uid: "uID",
  resourceVersion: "resourceVersion",
  generation: "generation",
  creationTimestamp: "creationTimestamp",
  deletionTimestamp: "deletionTimestamp",
  deletionGracePeriodSeconds: "deletionGracePeriodSeconds",
  ownerReferences: "ownerReferences",
  finalizers: "finalizers",
  managedFields: "managedFields",
};

/** Annotations, labels, and nothing else. */
export function checkTemplateMetadata(errors: Errors, metadata: any, path: FieldPath): void {
  checkAnnotations(errors, metadata?.annotations, () => path.child("annotations"));
  checkLabels(errors, metadata?.labels, () => path.child("labels"));
  for (const [field, shown] of Object.entries(notSaid)) {
    const value = metadata?.[field];
    if (value !== undefined && value !== null) errors.push(forbiddenField(path.child(shown), "cannot be set"));
  }
}
