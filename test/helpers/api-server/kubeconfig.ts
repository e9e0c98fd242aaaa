/** The kubeconfig that leads to the test API server. */

export interface Access {
  readonly url: string;
  /** PEM of the authority. */
  readonly ca: string;
  readonly token: string;
  /** Default namespace of the context. */
  readonly namespace?: string;
}

export function kubeconfigYaml({ url, ca, token, namespace = "default" }: Access): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: test
    cluster:
      server: ${url}
      certificate-authority-data: ${Buffer.from(ca).toString("base64")}
users:
  - name: test
    user:
      token: ${token}
contexts:
  - name: test
    context: { cluster: test, user: test, namespace: ${namespace} }
current-context: test
`;
}
