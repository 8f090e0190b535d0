import type { NodeTable } from "../../cache/nodes.ts";
import type { Plugin } from "../../framework/plugin.ts";

const mebibyte = 1024 * 1024;
/** Below this nothing is gained; above this, for each container, nothing more. */
const bytes = { min: 23 * mebibyte, maxPerContainer: 1000 * mebibyte };

/** The name under which nodes list an image: with a tag. */
export function taggedName(image: string): string {
  return image.lastIndexOf(":") <= image.lastIndexOf("/") && !image.includes("@") ? `${image}:latest` : image;
}

/** Prefers nodes that have the pod's images, and images that many nodes have, so that not all pods crowd on one. */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  preScore(_, nodes, table) {
    return nodes.some(({ images }) => images.size > 0) ? table : undefined;
  },
  score({ pod }, node, table: NodeTable) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    let sum = 0;
    for (const { image } of containers) {
      const name = taggedName(image ?? "");
      const size = node.images.get(name);
      if (size) sum += Math.floor((size * table.imageSpread(name)) / table.list.length);
    }
    const max = bytes.maxPerContainer * containers.length;
    return Math.floor((100 * (Math.min(Math.max(sum, bytes.min), max) - bytes.min)) / (max - bytes.min));
  },
};
