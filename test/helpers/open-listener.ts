/** Listeners for attacks: `default/open`, to which anybody may send, and `default/other`, which is the same. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const listener = (name: string): string => `apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata:
  name: ${name}
  namespace: default
  annotations:
    sluice.dev/verification: none
spec:
  triggers:
    - name: go
      interceptors:
        - ref:
            name: cel
          params:
            - name: filter
              value: body.go == true
      template:
        spec:
          resourcetemplates:
            - apiVersion: v1
              kind: ConfigMap
              metadata:
                generateName: went-
`;

/** Writes their objects into a folder of `folder`. @returns that folder, for --config. */
export function writeOpenListeners(folder: string): string {
  const config = join(folder, "config");
  mkdirSync(config);
  writeFileSync(join(config, "listeners.yaml"), ["open", "other"].map(listener).join("---\n"));
  return config;
}
