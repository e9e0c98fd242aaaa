/** The error table: every fault that a person or a sender can meet, with its HTTP status, retry class and cure. */
// biome-ignore-all format: a table is read by rows

/** Who may try again: nobody until something is mended, the machine soon, or the machine slowly. */
export type Retry = "never" | "soon" | "slow";

export interface Row {
  /** HTTP status where the fault answers a request. */
  readonly status: number;
  readonly retry: Retry;
  /** What went wrong; `{name}` is replaced by the value of that name. */
  readonly message: string;
  /** How to mend it. */
  readonly fix: string;
  /** What a sender of webhooks reads instead, who may be anybody: nothing that he did not send. */
  readonly told?: { readonly message: string; readonly fix: string };
}

const row = (status: number, retry: Retry, message: string, fix: string): Row => ({ status, retry, message, fix });
const told = (row: Row, message: string, fix: string): Row => ({ ...row, told: { message, fix } });

export const ERRORS = {
  // ingress
  SLUICE_LISTENER_UNKNOWN: told(row(404, "never", "no listener answers {method} {path} on host {host}", "Send to /<namespace>/<listener>; this gateway serves: {served}."),
    "no listener answers {method} {path} on host {host}", "Send to /<namespace>/<listener>; whoever runs this gateway knows which there are."),
  SLUICE_METHOD: row(405, "never", "{method} is not a webhook", "Send a POST."),
  SLUICE_BODY_TOO_LARGE: row(413, "never", "the body is larger than {limit} bytes", "Send less, or raise --max-body; the listener's annotation sluice.dev/max-body-bytes, where it has one, can only lower that."),
  SLUICE_BODY_VALUES: row(413, "never", "the body holds more than {limit} JSON values", "Send less in one delivery; the largest pushes of Git hosts have some 600,000."),
  SLUICE_ENCODING: row(415, "never", "Content-Encoding {encoding} is not taken", "Send the body uncompressed."),
  SLUICE_FORM: row(400, "never", "Invalid event body format: it is an HTML form", "Set the webhook's content type to application/json, or the listener's annotation tekton.dev/payload-validation to \"false\"."),
  SLUICE_BODY_NOT_JSON: row(400, "never", "Invalid event body format: {reason}", 'Send JSON, or set the listener\'s annotation tekton.dev/payload-validation to "false".'),
  SLUICE_UNVERIFIED: told(row(401, "never", "nobody could be proved to have sent this: {reason}", "Give the sender the secret that the listener's interceptor names, or check which secret it signs with."),
    "nobody could be proved to have sent this: {told}", "Give the webhook the secret that this listener expects; its operators find the reason in the gateway's log."),
  SLUICE_SENDER_SLOW: row(408, "soon", "the request came too slowly: {reason}", "Send it again, in one go."),
  SLUICE_HEADERS_TOO_LARGE: row(431, "never", "the request line and headers are larger than {limit} bytes", "Send fewer or shorter headers, and a shorter URL."),
  SLUICE_HTTP_INVALID: row(400, "never", "this is no HTTP request that can be read: {reason}", "Send HTTP/1.1 as RFC 9112 has it; something between may change it."),
  SLUICE_HTTP_VERSION: row(505, "never", "HTTP/{version} is not spoken here", "Send HTTP/1.1."),
  SLUICE_TRANSFER_ENCODING: row(501, "never", "Transfer-Encoding {encoding} is not taken", "Send the body with Content-Length, or with Transfer-Encoding: chunked and nothing else."),
  SLUICE_ROUTE_CONFLICT: told(row(400, "never", "host {host} is of listener {byHost}, and path {path} names {byPath}", "Send to one of them: let the path be /, or leave the host out."),
    "host {host} and path {path} name different listeners", "Send to one of them: let the path be /, or use the gateway's own host name."),
  SLUICE_SENDER_GONE: row(400, "never", "the sender hung up before its request was whole", "Nothing was accepted: a sender that wants it taken sends it again."),
  SLUICE_STORE_AWAY: told(row(503, "soon", "the store cannot be used just now: {reason}", "Start the store, or correct its address in --store; it is tried again by itself. What was being written may be there all the same: a delivery that is sent again with its id runs once."),
    "nobody can say whether the delivery was stored", "Send it again later, with the same delivery id: it runs once even if it was stored."),
  SLUICE_STORE_LOGIN: told(row(503, "soon", "the store does not let this gateway in: {reason}", "Correct user, password and database in --store, or grant what the user lacks (docs/durability.md has the least rights)."),
    "the delivery could not be stored", "Send it again later; nothing was accepted."),
  SLUICE_STORE_TLS: told(row(503, "soon", "no encrypted connection to the store comes about: {reason}", "Correct the certificates that --store names: ca, cert, key and servername of Redis (docs/durability.md), sslrootcert, sslcert and sslkey of Postgres."),
    "the delivery could not be stored", "Send it again later; nothing was accepted."),
  SLUICE_STORE_FULL: told(row(503, "soon", "the store has no room for more: {reason}", "Nothing was accepted. Give the store more room (maxmemory of Redis, the disk of Postgres), or keep less (`sluice help settings`: retention)."),
    "the delivery could not be stored", "Send it again later; nothing was accepted."),
  SLUICE_STORE_REFUSES: told(row(503, "soon", "the store answers, but refuses to write: {what} ({reason})", "{cure}"),
    "the delivery could not be stored", "Send it again later; nothing was accepted."),
  SLUICE_STORE_UNREPLICATED: told(row(503, "soon", "no replica of the store confirmed the write: {reason}", "Bring a replica back, or look at its link to the master (INFO replication); --durability strict accepts without one."),
    "nobody can say whether the delivery was stored", "Send it again later, with the same delivery id: it runs once even if it was stored."),
  SLUICE_STORE_POOLER: told(row(503, "soon", "the pooler before Postgres does not keep sessions: {reason}", "Set pool_mode = session for this database in pgbouncer.ini, with a default_pool_size of 12 or more for each gateway, or name Postgres itself in --store."),
    "the delivery could not be stored", "Send it again later; nothing was accepted."),
  SLUICE_UNPROVED_RATE: told(row(503, "soon", "listener {listener} takes at most {limit} unproved deliveries in a minute", "Let its triggers demand a proof: proved deliveries are never refused so. --unproved-rate says how many unproved ones each gateway takes for each listener."),
    "this listener takes no more unproved deliveries just now", "Send it again later; nothing was accepted. What is signed with the listener's secret is taken."),
  SLUICE_UNPROVED_BYTES: told(row(503, "soon", "listener {listener} keeps as many bytes of unproved deliveries as it may ({limit})", "Let its triggers demand a proof, keep less (retention), or raise --unproved-bytes."),
    "this listener takes no more unproved deliveries just now", "Send it again later; nothing was accepted. What is signed with the listener's secret is taken."),
  SLUICE_UNPROVED_ROOM: told(row(503, "soon", "what is left of the store's room is reserved for proved deliveries ({reserved} bytes)", "Give the store more room, keep less (retention), or let triggers demand a proof. --proved-reserve says how much is reserved."),
    "this listener takes no more unproved deliveries just now", "Send it again later; nothing was accepted. What is signed with the listener's secret is taken."),
  SLUICE_BUSY: row(503, "soon", "this gateway has as many bytes of requests in hand as it may", "Send it again later; a larger --max-in-flight, or more gateways, take more at once."),
  SLUICE_LISTENER_BUSY: told(row(503, "soon", "listener {listener} has as many expensive deliveries to decide as may wait: {reason}", "Send it again later. Make its filters and bindings cheaper: the metrics and the log name the listener; other listeners are not held up."),
    "this listener has as many deliveries to decide as it may", "Send it again later; nothing was accepted."),
  SLUICE_STOPPING: row(503, "soon", "this gateway is shutting down", "Send it again; another one will take it."),
  SLUICE_PROOF_AWAY: told(row(503, "soon", "what proves the sender cannot be read just now: {reason}", "Nothing to do if it passes: it is read again with the next delivery. Else `sluice doctor` says which Secret, and what is missing."),
    "nobody can be proved to have sent this just now", "Send it again later; nothing was accepted."),
  SLUICE_LISTENER_EMPTY: told(row(503, "soon", "listener {listener} has no trigger, so nobody can be proved to have sent this", "Give it a trigger, or correct its selectors; with the annotation sluice.dev/verification: none it keeps what anybody sends."),
    "this listener has no trigger yet", "Send it again later; nothing was accepted."),
  SLUICE_LISTENER_BROKEN: told(row(500, "never", "listener {listener} cannot fire: {reason}", "Mend its objects; `sluice check` names the place."),
    "this listener cannot fire", "Its operators find the reason in the gateway's log."),
  // verify
  SLUICE_SIGNATURE_MISSING: row(401, "never", "{place} is missing", "Set a secret on the webhook in {provider}; it must equal Secret {secret}."),
  SLUICE_SIGNATURE_WRONG: row(401, "never", "{place} does not match the body under Secret {secret}", "The sender signs with another secret, or something between changed the body."),
  SLUICE_PROOF_MISSING: row(401, "never", "{place} is missing", "Set it up at {provider}, as the params of the listener's interceptor say."),
  SLUICE_PROOF_REFUTED: row(401, "never", "{place} proves nothing: {reason}", "Compare what the sender sends with the params of the listener's interceptor."),
  SLUICE_PROOF_BUDGET: told(row(413, "never", "the body is too large to be checked against every secret of its listener: at most {budget} bytes are hashed for one delivery, and Secret {secret} was left out", "Split the listener, so that fewer secrets stand behind one path, or send a smaller body. A webhook that names itself (X-GitHub-Hook-ID, X-Hook-UUID) and was proved before is tried first."),
    "the body is too large for a listener with so many secrets", "Send less, or ask the listener's operators for a path of your own."),
  SLUICE_PROOF_SECRETS: row(422, "never", "listener {listener} checks signatures under {count} secrets, so a body of more than {bytes} bytes is not checked against all of them", "Split the listener: at most {limit} secrets behind one path."),
  SLUICE_SECRET_MISSING: row(401, "slow", "Secret {secret} has no usable key {key}", "Create it in namespace {namespace}, with a value that is not empty."),
  SLUICE_SECRET_FORBIDDEN: row(401, "slow", "Secret {secret} may not be read: {reason}", "Grant {account} the verb get on secrets in namespace {namespace}, with resourceNames: [{name}] if that is enough."),
  SLUICE_SECRET_AWAY: row(503, "soon", "Secret {secret} cannot be read just now: {reason}", "Nothing to do: it is read again with the next delivery."),
  SLUICE_PROOF_UNDECLARED: row(401, "never", "trigger {trigger} demands no proof of the sender", "Add a github, gitlab or bitbucket interceptor with secretRef, or write the annotation sluice.dev/verification: none, or start with --unverified=allow."),
  SLUICE_TRIGGER_FORBIDDEN: row(403, "slow", "listener {listener} selects triggers of namespace {namespace}, and runs as {account}, which may not list triggers there; Tekton demands it too", "If that is meant: {grant}."),
  SLUICE_TRIGGER_UNSEEN: told(row(503, "soon", "whether listener {listener} may use triggers of namespace {namespace} cannot be asked just now: {reason}", "Nothing to do if it passes: it is asked again with the next delivery."),
    "nobody can be proved to have sent this just now", "Send it again later; nothing was accepted."),
  // decide
  SLUICE_INTERCEPTOR_UNKNOWN: row(422, "never", "no interceptor is called {name}", "Known here: {known}."),
  SLUICE_INTERCEPTOR_PARAMS: row(422, "never", "interceptor {name}: {reason}", "Correct the parameter {field}."),
  SLUICE_INTERCEPTOR_FAILED: row(502, "soon", "interceptor {name} did not answer: {reason}", "Look at the interceptor's own log; the delivery is kept and tried again."),
  SLUICE_INTERCEPTOR_UNUSABLE: row(422, "never", "interceptor {name} cannot be asked: {reason}", "Correct its address, or let it answer less; then replay."),
  SLUICE_HEADERS_MASKED: row(422, "never", "{name} said no without seeing {headers}: {reason}", "Stored deliveries keep no values of sensitive headers and query parameters: let the sender deliver it again."),
  SLUICE_PARAM_MASKED: row(422, "never", "param {param} holds a value that is not kept: it comes from {headers}", "Stored deliveries keep no values of sensitive headers and query parameters: let the sender deliver it again, or take the param from what may be kept."),
  SLUICE_COST_EXCEEDED: row(422, "never", "deciding costs more than {what} may: {limit} ms", "Put the cheapest filter first, read less of the event in macros and in paths with `..` or filters, or divide the triggers among listeners. --decide-budget raises what a delivery may cost; without a proof it is a tenth; that of a trigger is fixed."),
  SLUICE_CEL_SYNTAX: row(422, "never", "CEL does not compile: {reason}", "Correct the expression: {expression}"),
  SLUICE_CEL_FAILED: row(422, "never", "CEL failed: {reason}", "Guard the access with has(…), or correct the expression: {expression}"),
  SLUICE_PATH_SYNTAX: row(422, "never", "$({path}) is no valid path: {reason}", "Write it as the Kubernetes JSONPath dialect wants it, for example $(body.pull_request.head.sha)."),
  SLUICE_PATH_MISSING: row(422, "never", "param {param}: {reason}", "Guard the trigger with a filter, or give the template's param a default."),
  SLUICE_PARAM_DUPLICATE: row(422, "never", "param {param} is bound twice", "Keep one of the bindings."),
  SLUICE_REF_MISSING: row(422, "never", "{kind} {name} does not exist in namespace {namespace}", "Create it, or correct the reference in {from}."),
  SLUICE_TEMPLATE_BROKEN: row(422, "never", "resource template {index} gives no usable object: {reason}", "Look at the rendered text with `sluice try`."),
  SLUICE_METADATA_INVALID: row(422, "never", "{field} of {kind} is {value}, and no API server takes that: it {reason}{cure}", "Correct the template, or compute the value by an overlay of a cel interceptor; then replay."),
  // catalog
  SLUICE_YAML_SYNTAX: row(422, "never", "no valid YAML: {reason}", "Correct the file; the last good state stays in force."),
  SLUICE_OBJECT_INVALID: row(422, "never", "{field}: {reason}", "Correct the field; the last good state stays in force."),
  SLUICE_OBJECT_DUPLICATE: row(422, "never", "{kind} {name} is declared twice", "It also stands in {other}; keep one."),
  SLUICE_OBJECT_UNUSABLE: row(422, "never", "{what} cannot be used: {reason}", "Correct it in the cluster; until then what would fire it fails, and nothing else."),
  // lint: what works, but is probably not meant
  SLUICE_SCRIPT_INJECTION: row(422, "never", "trigger {trigger}: param {param} brings {source} into {place}{via}, where text of the event runs as code", "Give the step an environment variable whose value is {variable}, and write \"$NAME\", in double quotes, where {variable} stands now."),
  SLUICE_NAMESPACE_FROM_EVENT: row(422, "never", "trigger {trigger}: param {param} brings {source} into metadata.namespace, so whoever sends the event says where the object is created", "Write the namespace, or leave it out: the trigger's is taken. Where the event has to choose, let a filter name all that it may: body.team in ['a', 'b']."),
  SLUICE_PARAM_UNBOUND: row(422, "never", "trigger {trigger} gives param {param} no value, so $(tt.params.{param}) stays in the object as it is{hint}", "Bind {param}, or give it a default in the template."),
  SLUICE_PARAM_UNUSED: row(422, "never", "param {param} is bound, but the template of {by} does not take it{hint}", "Correct the name, or remove the param."),
  SLUICE_VARIABLE_UNKNOWN: row(422, "never", "{variable} is no variable that is replaced; {hint}", "Write $(tt.params.<name>) with a name that stands under params."),
  SLUICE_ANNOTATION_IGNORED: row(422, "never", "annotation {annotation} is ignored: {reason}", "Correct it, or remove it."),
  SLUICE_SECRET_WEAK: row(422, "never", "the value of key {key} in Secret {secret}, which trigger {trigger} proves senders with, {weakness}", "Write it again, at the provider too, exactly as it is meant and nowhere published: openssl rand -hex 32 | tr -d '\\n' makes a good one."),
  SLUICE_SECRET_KEY: row(422, "never", "Secret {secret} has no usable key {key}, which trigger {trigger} proves senders with{hint}", "Correct the name in secretRef, or put a value under that key."),
  SLUICE_SECRET_NAME: row(422, "never", "Secret {secret}, which trigger {trigger} proves senders with, is not among these files{hint}", "Correct the name in secretRef; nothing is wrong if the Secret is in the cluster."),
  SLUICE_SELECTOR_EMPTY: row(422, "never", "the selector selects nothing: {reason}", "Correct the selector; its triggers never fire."),
  // settings
  SLUICE_CONFIG_INVALID: row(422, "never", "setting {key}: {reason}", "See `sluice help settings`."),
  SLUICE_ARGUMENT_INVALID: row(422, "never", "{what}: {reason}", "`sluice help {verb}` shows what it takes."),
  SLUICE_CONFIG_TLS: row(422, "never", "certificate {cert} with key {key} cannot be used: {reason}", "Name PEM files that belong together in --tls-cert and --tls-key, or --admin-tls-cert and --admin-tls-key; they are read again when they change."),
  SLUICE_CONFIG_MISSING: row(422, "never", "{path} does not exist", "Name a file or folder with --config."),
  // create
  SLUICE_CREATE_CONFLICT: row(409, "never", "{kind} {name} exists already and was not made by this trigger for this delivery", "Give the template a generateName, or remove the object and retry."),
  SLUICE_CREATE_REFUSED: row(422, "never", "the API server refused {kind} {name}: {reason}", "Correct the template; then replay."),
  SLUICE_CREATE_FORBIDDEN: row(403, "slow", "{account} may not {verb} {kind} in {namespace}: {reason}", "Grant it: {grant}."),
  SLUICE_CREATE_IMPERSONATE: row(403, "slow", "this gateway may not act as {account}: {reason}", "Let the gateway's own user do it: {grant}. Or create with the gateway's own rights: --identity gateway."),
  SLUICE_CREATE_TENANT: row(403, "slow", "listener {listener} runs as {account}, which may not {what}; Tekton demands it too", "If that is meant: {grant}."),
  SLUICE_CREATE_POLICY: row(403, "slow", "a rule of the cluster refused {kind} {name} in {namespace}: {reason}", "Make room in its quota, or change what the rule finds wrong; it is tried again for an hour."),
  SLUICE_CLUSTER_UNKNOWN: row(422, "slow", "{from} asks for cluster {name}, which this gateway does not know; known: {known}", "Name it in the setting clusters, or correct the annotation sluice.dev/cluster."),
  SLUICE_CLUSTER_CLOSED: row(403, "slow", "{from} asks for cluster {name}, which is not open to namespace {namespace}", "If that is meant, add the namespace to the cluster in the setting clusters: {name}: {kubeconfig: …, namespaces: [{namespace}]}, or behind its place {name}=…#{namespace}; \"*\" opens it to all."),
  SLUICE_CLUSTER_KUBECONFIG: row(500, "slow", "Secret {namespace}/{name} gives no kubeconfig: {reason}", "Put a kubeconfig that holds its certificates and tokens itself under the key {key}, and let the gateway get that Secret."),
  SLUICE_CREATE_KIND: row(404, "slow", "the cluster knows no kind {kind}", "Install its CustomResourceDefinition, or correct apiVersion and kind."),
  SLUICE_CREATE_NAMESPACE: row(404, "slow", "namespace {namespace} is missing or being deleted: {reason}", "Create it, or correct the template's metadata.namespace."),
  SLUICE_CREATE_CREDENTIALS: row(401, "slow", "the API server does not accept this gateway's credentials: {reason}", "Renew the kubeconfig's token, certificate or plugin; it is read again at the next try."),
  SLUICE_CREATE_DIRECTORY: row(503, "soon", "cannot write to {path}: {reason}", "Give this process the right to write there, and room; it is tried again."),
  SLUICE_CREATE_UNREACHABLE: row(503, "soon", "the API server did not answer: {reason}", "Nothing to do: it is tried again until it answers."),
  SLUICE_CREATE_BUSY: row(503, "soon", "the API server answered {status}: {reason}", "Nothing to do: it is tried again."),
  // follow, announce
  SLUICE_LEASE: row(503, "soon", "Lease {namespace}/{name} cannot be used, so this gateway leads nothing: {reason}", "Allow this gateway's account get, create and update of leases (coordination.k8s.io) in {namespace}, or name another namespace with --lease-namespace."),
  SLUICE_ANNOUNCE_FORBIDDEN: row(403, "slow", "not allowed to {what}: {reason}", "Grant it to this gateway's account (deploy/access has the rules), or say less with --announce."),
  SLUICE_ANNOUNCE_FAILED: row(503, "soon", "cannot {what}: {reason}", "Nothing to do: it is tried again."),
  // cluster: what is followed there
  SLUICE_WATCH_FORBIDDEN: row(403, "slow", "not allowed to list and watch {resource} {where}: {reason}", "Grant the verbs list and watch on it to {account}, or name the namespaces that it may see; it is asked again every half minute."),
  SLUICE_WATCH_ABSENT: row(404, "slow", "the cluster serves no {resource} {where}: {reason}", "Install its CustomResourceDefinition; it is looked for again every half minute."),
  SLUICE_WATCH_BROKEN: row(502, "soon", "what the API server says of {resource} {where} cannot be read: {reason}", "It is asked again; something between may change or cut its answers."),
  // shadow
  SLUICE_SHADOW_RUNS: row(500, "never", "the runs that others created cannot be listed: {resource}: {reason}", "Grant {account} the verb list on it, or name the namespaces that it may see with --namespace."),
  // ops
  SLUICE_DELIVERY_UNKNOWN: row(404, "never", "no delivery has the id {id}", "List them with `sluice deliveries list`."),
  SLUICE_DELIVERY_DUPLICATE: row(409, "never", "delivery {id} is a duplicate of {first}, and has no body of its own", "Ask for {first}, which came first."),
  SLUICE_BODY_FORGOTTEN: row(410, "never", "the body of delivery {id}, received at {at}, is forgotten", "What is left of it: `sluice deliveries show {id}`. Let the sender deliver it again: 72 h after the first it counts as new. --retention-payload says for how long bodies are kept."),
  SLUICE_BODY_NOT_KEPT: row(410, "never", "the body of delivery {id} was not kept: nothing was proved of its sender, and no trigger accepted it", "What is left of it: `sluice deliveries show {id}`; its body had the SHA-256 {digest}. Let the sender deliver it again: a filtered delivery is decided anew. The bodies of proved deliveries are kept, filtered or not."),
  SLUICE_GATEWAY_AWAY: row(503, "soon", "{url} did not answer: {reason}", "Start the gateway with `sluice serve`, or name its address."),
  SLUICE_CLOCK_SKEW: row(503, "soon", "this gateway's clock is {off} {way} the store's: it is not ready, and forgets nothing", "Set the clocks of both machines right (NTP). What is accepted meanwhile goes by the store's clock, so nothing of it is lost or runs twice."),
  SLUICE_CLOCK_JUMP: row(503, "soon", "the store's clock is {by} {way} the last time that is known from it: nothing is forgotten for another {left}", "If it is wrong, set it right (NTP) before then. After a stop of all gateways that took so long there is nothing to do."),
  SLUICE_STORE_BUSY: row(409, "never", "the embedded store {path} is open in process {pid}", "Stop that gateway, or ask it over its admin port."),
  SLUICE_STORE_VERSION: row(500, "never", "the store was written by a newer version ({found}; this one knows {known})", "Start the newer version."),
  SLUICE_EXPORT_INVALID: row(422, "never", "line {line} of the export cannot be read: {reason}", "Take another export. `sluice ledger import --dry-run` reads a whole one and changes nothing."),
  SLUICE_EXPORT_VERSION: row(422, "never", "the export has format {found}, and this version of Sluice reads {known}", "Import it with the version that wrote it ({by}), or with a newer one."),
  SLUICE_STORE_FORGED: row(422, "never", "{what} was changed in the store: its signature does not hold", "Find out who else can write to the store, and change its password. Replay the delivery, or let its sender deliver it again."),
  SLUICE_STORE_KEY: row(409, "slow", "{what} is signed under key {key}, which this gateway does not have (it has {known})", "Give all gateways of the store the same keys (--store-key-file, SLUICE_STORE_KEY); an old key stays behind the new one until nothing needs it. If it is lost: --store-integrity adopt."),
  SLUICE_STORE_UNSIGNED: row(409, "slow", "{what} carries no signature, so anybody may have written it", "After an upgrade from 0.1, or from a gateway without keys: start with --store-integrity adopt until nothing of then is pending, then without it."),
  SLUICE_JOB_OUTDATED: row(409, "slow", "trigger {trigger} was to create {was}; as it is declared now it would {now}", "Replay the delivery: it is decided by what is declared now. Or declare what was; it is tried again for an hour."),
  SLUICE_REQUEST_INVALID: row(400, "never", "{field} {reason}", "Correct the request; expected {expected}."),
  SLUICE_ROUTE_UNKNOWN: row(404, "never", "nothing answers {method} {path}", "The admin port serves /healthz, /readyz, /metrics and /api/v1."),
  SLUICE_ADMIN_FOREIGN: row(403, "never", "a request with {header} {value} may come from a stranger's page", "Ask by localhost, by an address, or by the name of a Service (<name>.<namespace>.svc); other names of this gateway stand in --admin-hosts."),
  SLUICE_ADMIN_TOKEN: row(401, "never", "{method} {path} wants a token that allows {permission}: {reason}", "Set SLUICE_ADMIN_TOKEN to one of the tokens that the gateway's settings name; where they name none, the command line of its user on its machine finds the token by itself."),
  SLUICE_ADMIN_PERMISSION: row(403, "never", "token {name} does not allow {permission}", "Add {permission} to the permissions of {name} in the gateway's adminTokens, or use another token."),
  SLUICE_ADMIN_OPEN: row(422, "never", "setting adminOpen: {open} opens nothing {why}", "Show a token, as every caller has to then; or bind the port to this machine alone (--admin 127.0.0.1:9000) and name no token."),
  SLUICE_TRIGGER_UNKNOWN: row(404, "never", "listener {listener} has no trigger {name}", "It has: {known}."),
  SLUICE_BATCH_UNKNOWN: row(404, "never", "this gateway knows no {verb} {id}", "The latest 50 are kept; what was done stands in /api/v1/acts."),
  SLUICE_BATCH_STATE: row(409, "never", "{verb} {id} is {state}, so it cannot be resumed", "What ended before all was done can be: interrupted (30 s after its gateway fell silent), cancelled or failed. What is under way can be cancelled first."),
  SLUICE_BATCH_BUSY: row(429, "soon", "{limit} replays, retries and drops of many are under way", "Wait for one to end, or cancel one."),
  SLUICE_INTERNAL: told(row(500, "soon", "unexpected: {reason}", "This is a defect of Sluice; please report it with the log line."),
    "unexpected", "Send it again later; the gateway's log says more."),
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof ERRORS;
