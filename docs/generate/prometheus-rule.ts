/** deploy/monitoring/rules.yaml as the object that the Prometheus Operator takes. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

const RULES = join(import.meta.dirname, "../../deploy/monitoring/rules.yaml");

export function prometheusRule(): string {
  const rules = readFileSync(RULES, "utf8").replace(/^#.*\n/gm, "");
  return `# Generated from deploy/monitoring/rules.yaml by \`npm run docs\`: edit that, not this.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: sluice
  labels:
    app.kubernetes.io/name: sluice
spec:
${rules.replace(/^(?=.)/gm, "  ")}`;
}
