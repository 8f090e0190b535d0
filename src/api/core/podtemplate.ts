import { type FieldError, FieldPath } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { containerColumns, labelsText, text } from "../parts/columns.ts";
import { defaultPodTemplate, dropGated } from "./podspec/defaults.ts";
import { checkPodTemplate } from "./podspec/podspec.ts";
import { isChanged, templateWarnings } from "./podspec/warnings.ts";

type PodTemplate = KubeObject & { template: any };

const templatePath = new FieldPath("template");

export const podTemplates = defineResource<PodTemplate>({
  group: "",
  version: "v1",
  kind: "PodTemplate",
  plural: "podtemplates",
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.PodTemplate",
  generation: true,
  defaults(draft) {
    draft.template ??= {};
    defaultPodTemplate(draft.template);
  },
  prepareCreate: ({ template }) => dropGated(template.spec),
  prepareUpdate: ({ template }) => dropGated(template.spec),
  metadataAsChange: true,
  validate({ template }) {
    const errors: FieldError[] = [];
    checkPodTemplate(errors, template, templatePath);
    return errors;
  },
  warnings: (object, previous) => (isChanged(object, previous) ? templateWarnings(object.template, templatePath) : []),
  columns: [
    ...containerColumns(({ template }) => template?.spec).map((column) => ({ ...column, priority: 0 })),
    text("Pod Labels", ({ template }) => labelsText(template?.metadata?.labels)),
  ],
});
