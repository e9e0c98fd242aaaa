/** What `check` and `try` must say of each case that needs no gateway: the table. */

export interface Step {
  /** The command line; files are looked for in the case's folder. */
  readonly run: string;
  /** Exit code; any where absent. */
  readonly code?: number;
  /** All of these must be said. */
  readonly says?: readonly RegExp[];
  /** None of these may be said. */
  readonly never?: readonly RegExp[];
  /** A raw request that is written as req.txt first. */
  readonly request?: string;
  /** What standard input holds: the text of this file. */
  readonly stdin?: string;
}

export interface OfflineCase {
  readonly folder: string;
  readonly steps: readonly Step[];
}

type Said = Omit<Step, "run">;

const CHECK = "check el.yaml";
const TRY = "try generic push --payload payload.json --config el.yaml";
const CLEAN: Said = { code: 0, says: [/0 errors/] };
const MATCHED: Said = { code: 0, says: [/ matched/] };
const says = (code: number | undefined, ...patterns: readonly RegExp[]): Said => ({
  ...(code !== undefined && { code }),
  says: patterns,
});

/** A case whose files are checked, then tried. */
function both(folder: string, check: Said | undefined, tried?: Said, run: string = TRY): OfflineCase {
  return {
    folder,
    steps: [
      ...(check === undefined ? [] : [{ run: CHECK, ...check }]),
      ...(tried === undefined ? [] : [{ run, ...tried }]),
    ],
  };
}

const wrongHint = [/old-escape-quotes/];
const LIST = [/is a list/, /\[0\]/, /header\.canonical/, /join/];

const TEKTON: readonly OfflineCase[] = [
  both("01-nested-array-path", CLEAN, says(1, /param all .*JSON string/, /marshalJSON\(\)/)),
  both(
    "02-bracket-dotted-key",
    says(undefined, /tekton\\\.dev\/pipelineTask/),
    says(1, /\['tekton\\\.dev\/pipelineTask'\]/),
  ),
  both("03-filter-quotes", says(1, /:\d+:\d+ .*&& .*not part of this dialect/)),
  both("04-slice-many", CLEAN, says(1, /param two .*JSON string/, /marshalJSON\(\)/)),
  both("05-body-in-body", CLEAN, says(1, /no key "value"/, /\$\(body\.body\.value\)/)),
  both("06-default-missing-header-ext", CLEAN, MATCHED),
  both("07-overlay-missing-field-default", CLEAN, says(1, /overlay branch failed: no such key: ref in body/)),
  both(
    "08-overlay-key-extensions-prefix",
    says(undefined, /extensions\.extensions\.short/),
    says(1, /\$\(extensions\.extensions\.short\)/),
  ),
  both(
    "09-overlay-of-header-list",
    says(undefined),
    says(1, ...LIST),
    'try generic push --payload payload.json --header "X-Gitea-Event: push" --config el.yaml',
  ),
  both("10-null-and-empty", undefined, MATCHED),
  both("11-numbers", CLEAN, says(0, /string\(int\(body\.id\)\)/, /next = 8/, /id = 12345678901/)),
  both("11b-number-plus-int", says(undefined), says(1, /no such overload/, /doubles/, /1\.0/)),
  both("12-newline-in-binding", says(undefined, /line|newline|\\n/), {
    ...says(undefined, /line break|newline|\\n/),
    never: wrongHint,
  }),
  both("14-quotes-in-title", CLEAN, MATCHED),
  both("15-json-array-param", CLEAN, says(1, /old-escape-quotes/, /marshalJSON\(\)/)),
  both("15b-json-array-old-escape", says(undefined), says(1, /marshalJSON\(\)/, /take it away/)),
  both("15c-json-array-raw", says(undefined), says(1, /marshalJSON\(\)/)),
  both("15d-json-array-marshal", CLEAN, MATCHED),
  both("16-array-default", {
    ...says(1, /:23:\d+ .*must be a string, is a list/),
    never: [/does not exist/],
  }),
  both("17-trigger-name-slash", says(1, /"github\.com\/foo\/bar" must be a valid label value/)),
  both("17b-trigger-name-long", says(1, /at most 63 characters/)),
  both("18-listener-name-long", says(1, /no more than 60 characters/)),
  both("19-name-from-uid-too-long", says(undefined), says(1, /63/, /truncate|substring/)),
  both("21-cel-map-labels", CLEAN, MATCHED),
  both("22-commits-exists", undefined, MATCHED),
  both(
    "23-gitlab-mr-has",
    undefined,
    says(1, /filter is false/, /has\(body\.object_attributes\.oldrev\) = false/),
  ),
  {
    folder: "24-requesturl-path-query",
    steps: [
      {
        run: "try --request req.txt --config el.yaml",
        ...MATCHED,
        request: "/default/el/deploy?env=prod&x=1",
      },
      { run: "try --request req.txt --config el.yaml", code: 1, request: "/default/el?env=prod&x=1" },
    ],
  },
  both("25-cel-comment-multiline", undefined, MATCHED),
  both("26-cel-optional", says(undefined, /:\d+:\d+ .*has\(body\./)),
  both("27-cel-string-of-float", undefined, says(0, /string\(int\(body\.n\)\)/)),
  both("28-cel-misspelt-filter", says(0, /warning .*git-revision/, /no filter/), MATCHED),
  both("29-resourceTemplates-capital", says(undefined, /0 errors/), MATCHED),
  both("30-old-syntax", says(1, /serviceType/, /\bref\b/, /template\.name/)),
  both(
    "32-clustertriggerbinding-kind-forgotten",
    says(undefined, /ClusterTriggerBinding github-push/, /add kind: ClusterTriggerBinding/),
    says(1, /add kind: ClusterTriggerBinding/),
  ),
  both("33-undeclared-tt-param", { ...says(1, /tt\.params\.rr/), never: [/does not exist/] }),
  both("34-int-field", undefined, says(undefined, /retries|matched/)),
  both("35-namespaceselector-and-triggers", says(undefined, /warning/, /selected|twice/), MATCHED),
  {
    folder: "36-gitlab-secret-trailing-newline",
    steps: [
      { run: CHECK, says: [/ends with a newline/] },
      {
        run: 'try generic push --payload payload.json --header "X-Gitlab-Token: 1234567" --header "X-Gitlab-Event: Push Hook" --config el.yaml',
        code: 1,
        never: [/does not match the body/],
        says: [/X-Gitlab-Token is not the value of Secret default\/gl/],
      },
    ],
  },
  both("37-secret-not-base64", says(1, /:\d+:\d+ .*must be base64/)),
  both("38-eventtypes-string", says(1, /must be a list/)),
  both("39-odd-keys", says(undefined, /body\['@type'\]/, /overlay/), says(1, /body\['@type'\]/, /overlay/)),
  both("40-shell-in-binding-value", says(1, /is no valid path/)),
  both(
    "41-header-forms",
    undefined,
    says(0, /a,b/),
    'try generic push --payload payload.json --header "X-Two: a" --header "X-Two: b" --config el.yaml',
  ),
  both(
    "62-double-selection-proof",
    says(undefined, /selected|twice/),
    says(0, / matched/),
    'try generic push --payload payload.json --header "X-Gitlab-Token: 1234567" --header "X-Gitlab-Event: Push Hook" --config el.yaml',
  ),
  both("65-param-in-image-and-script", says(0, /warning .*runs as code/), MATCHED),
  both("66-invalid-cel-result", says(undefined), says(1, /filter is no bool but string/)),
  both("67-yaml-list-kubectl", CLEAN, MATCHED),
  both("68-two-bindings-same-param", says(1, /:18:\d+ .*bound twice/)),
  both("69-decodeb64", says(undefined, /string\(base64\.decode\(body\.message\.data\)\)/)),
  both("71-static-uppercase-generateName", says(1, /Simple-pipeline-run-/, /RFC 1123|lower/)),
  both("72-static-bad-label-and-numbers", says(1, /build/, /refs\/heads\/main/)),
  both(
    "73-listener-own-loop",
    says(undefined),
    says(1, /no such key: pull_request/, /has\(body\.pull_request\)/),
  ),
  both("74-tt-params-typo-param", says(0, /git-revision/, /gitrevision/)),
  both(
    "75-head-commit-null-branch-delete",
    says(undefined),
    says(1, /no key "id" in null/, /body\.head_commit != null/),
  ),
  both(
    "76-trigger-in-other-ns-template-lookup",
    says(undefined, /TriggerTemplate tt does not exist in namespace feature/),
    says(1),
  ),
  both(
    "79-cel-in-and-null",
    says(undefined),
    says(0, /no such key: pull_request/, /has\(body\.pull_request\)/),
  ),
  both("80-bitbucket-dc-cel-split-overlay", says(undefined), says(1, ...LIST)),
  both("82-windows-path-literal", says(undefined, /backslash|quote|JSON/), says(1, /write \\\\/)),
  both("83-cel-branch-with-slash", CLEAN, MATCHED),
  both("84-cel-last-first", CLEAN, MATCHED),
  both("85-template-without-listener", says(1, /template|Template/, /interceptor/)),
  both("87-triggerRef-missing-and-template-both", says(1, /template or a triggerRef/)),
  {
    folder: "88-orphan-trigger-bad-cel",
    steps: [
      { run: CHECK, code: 1, says: [/CEL/, /no listener/] },
      { run: "check --strict el.yaml", code: 1 },
    ],
  },
  {
    folder: "93-yaml-forms",
    steps: [
      { run: "check merge.yaml", ...CLEAN },
      { run: "check bom.yaml", ...CLEAN },
      { run: "check -", ...CLEAN, stdin: "merge.yaml" },
    ],
  },
];

const WILD: readonly OfflineCase[] = [
  {
    folder: "01-cel-unknown-param",
    steps: [
      { run: CHECK, code: 0, says: [/warning .*revision-check/, /no filter/] },
      { run: "try github push --config el.yaml --unverified allow", ...MATCHED },
    ],
  },
  {
    folder: "03-try-without-secret-file",
    steps: [
      {
        run: "try github push --config el.yaml",
        says: [/Secret default\/gh/, /none of the files|not among the files|made-up|unsigned/],
        never: [/Set a secret on the webhook in GitHub/],
      },
    ],
  },
  {
    folder: "04-gitlab-example-thin",
    steps: [
      {
        run: "try gitlab push --config el.yaml --unverified allow",
        code: 0,
        says: [/default\/push +matched/],
      },
      {
        run: "try gitlab merge_request --config el.yaml --unverified allow",
        code: 0,
        says: [/default\/mr +matched/],
      },
    ],
  },
  {
    folder: "05-github-example-branch",
    steps: [
      {
        run: "try github push --config el.yaml --unverified allow",
        code: 0,
        says: [/default\/main +matched/],
      },
    ],
  },
  {
    folder: "06-template-name",
    steps: [
      { run: CHECK, code: 1, says: [/template\.name/, /template\.ref|\bref\b.*instead|→ ref|now .*ref/] },
    ],
  },
  {
    folder: "09-decodeb64",
    steps: [{ run: CHECK, says: [/base64\.decode\(/] }],
  },
  {
    folder: "10-clustertriggerbinding",
    steps: [
      {
        run: CHECK,
        says: [
          /ClusterTriggerBinding github-push is in none of the files/,
          /kubectl get clustertriggerbinding github-push -o yaml/,
          /OpenShift Pipelines/,
        ],
        never: [/\(any\)/],
      },
      {
        run: "try github push --config el.yaml --unverified allow",
        code: 1,
        says: [/ClusterTriggerBinding github-push is in none of the files/],
        never: [/\(any\)/],
      },
    ],
  },
  {
    folder: "11-unnamed-trigger",
    steps: [
      { run: CHECK, says: [/triggers\[0\]/, /triggers\[1\]/], never: [/trigger default\/ /, /default\/#2/] },
      {
        run: "try github push --config el.yaml --unverified allow",
        says: [/triggers\[0\]/, /triggers\[1\]/],
        never: [/trigger default\/ /],
      },
    ],
  },
  {
    folder: "13-bitbucket-example",
    steps: [{ run: "try bitbucket repo:refs_changed --config .", ...MATCHED }],
  },
];

const under = (kind: string, cases: readonly OfflineCase[]): readonly OfflineCase[] =>
  cases.map(({ folder, steps }) => ({ folder: `${kind}/${folder}`, steps }));

export const OFFLINE: readonly OfflineCase[] = [...under("tekton", TEKTON), ...under("wild", WILD)];
