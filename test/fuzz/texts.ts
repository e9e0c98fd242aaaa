/** Hostile events and hostile configuration: what senders may send, and what a person may write into CEL, paths and templates. */

import fc from "fast-check";

const HOSTILE = [
  ..."a,b,ref,action,x,1,body".split(","),
  ..."__proto__,constructor,prototype,toString,valueOf,hasOwnProperty,length,then,toJSON".split(","),
  ...[
    "",
    " ",
    ".",
    "$",
    "a.b",
    'a"b',
    "a'b",
    "a]b",
    "\\",
    "\u0000",
    "\u2028",
    "\ud800",
    "\udc00x",
    "é",
    "😀",
  ],
];
const VALUES = [
  ...[
    "$(uid)",
    "$(tt.params.x)",
    "$(body.a)",
    "$$(",
    "<&>",
    '"',
    '","evil":"',
    "\n",
    "%00",
    "refs/heads/main",
  ],
  ...[
    "2024-01-01T00:00:00Z",
    "1h",
    "https://h:1/p?q=a#f",
    "{",
    '{"a":1}',
    "a: &a [*a]",
    "YQ==",
    "a".repeat(5_000),
  ],
];

const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE) },
  fc.string({ unit: "binary", maxLength: 8 }),
);
const text = fc.oneof(fc.constantFrom(...HOSTILE, ...VALUES), fc.string({ unit: "binary", maxLength: 40 }));
const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    2 ** 63,
    -(2 ** 63),
    1e21,
    1e-7,
    1e308,
    Number.MAX_VALUE,
    5e-324,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** JSON text: built as text, because an object could not hold a key twice. */
const json: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    fc.oneof(
      fc.constantFrom("null", "true", "false", "-0", "1E5"),
      number.map(String),
      text.map((one) => JSON.stringify(one)),
    ),
    fc.array(tie("value"), { maxLength: 5 }).map((items) => `[${items.join(",")}]`),
    fc
      .array(fc.tuple(key, tie("value")), { maxLength: 6 })
      .map((pairs) => `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
  ),
})).value;

const fields = ["a", "b", "ref", "action", "__proto__", "constructor", "list"];
const object = fc
  .array(fc.tuple(fc.constantFrom(...fields), json), { maxLength: 7 })
  .map((pairs) => `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`);

const deep = fc
  .tuple(
    fc.constantFrom(10, 200, 999, 1_000, 1_001, 50_000),
    fc.constantFrom(["[", "]"], ['{"a":', "}"], ['{"__proto__":[', "]}"]),
  )
  .map(([depth, [open = "", close = ""]]) => `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`);

const odd = fc.constantFrom(
  ...[
    "",
    " ",
    "null",
    "[]",
    '"text"',
    "{",
    '{"a":1e400}',
    `{"a":${"9".repeat(400)}}`,
    '{"a":"\\ud800"}',
    "\ufeff{}",
  ],
  ...[
    "a=1&b=2&__proto__=3",
    "payload=%7B%22a%22%3A1%7D&x=%zz",
    `{"${"k".repeat(100_000)}":1}`,
    `{"a":[${"1,".repeat(20_000)}1]}`,
  ],
);

export const body: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 8, arbitrary: object.map((one) => Buffer.from(one)) },
  { weight: 2, arbitrary: json.map((one) => Buffer.from(one)) },
  { weight: 1, arbitrary: deep.map((one) => Buffer.from(one)) },
  { weight: 2, arbitrary: odd.map((one) => Buffer.from(one)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
);

const headerName = fc.oneof(
  fc.constantFrom(
    ...[
      "X-GitHub-Event",
      "x-gitlab-event",
      "X-Event-Key",
      "X-Gitlab-Token",
      "X-Hub-Signature-256",
      "x-hub-signature",
    ],
    ...["Ce-Id", "__proto__", "constructor", "X-A", "Accept", "X-Slack-Signature"],
  ),
  fc.string({ maxLength: 12 }),
);

/** Flat pairs of names and values. Mostly what lets a delivery through, so that more than the door is tried. */
export const headers: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    fc.constantFrom(
      "application/json",
      "application/x-www-form-urlencoded",
      "text/plain",
      "application/cloudevents+json",
    ),
    fc.array(fc.tuple(headerName, fc.oneof(fc.constantFrom("push", "Push Hook", "repo:push"), text)), {
      maxLength: 5,
    }),
  )
  .map(([type, more]) => [...["Content-Type", type, "X-GitHub-Event", "push"], ...more.flat()]);

export const url = fc.oneof(
  fc.constantFrom("/ci/git", "/ci/git?a=1&a=2", "/%", "//", "/?__proto__=x"),
  fc.string({ maxLength: 30 }).map((one) => `/${one}`),
);

const joined = (tokens: readonly string[], glue: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(fc.constantFrom(...tokens), fc.constantFrom(...glue)), { maxLength: 12 })
    .map((parts) => parts.flat().join(""));

const atom = fc.constantFrom(
  ...[
    "body",
    "body.a",
    "body.b",
    "body.ref",
    "body.list",
    "body.__proto__",
    "body.constructor",
    "header",
    "extensions",
    "requestURL",
  ],
  ...[
    "1",
    "1.5",
    "2u",
    "'a'",
    "b'x'",
    "null",
    "true",
    "[]",
    "[1, 'a']",
    "{'a': 1}",
    "-1",
    "9223372036854775807",
    "body['a']",
  ],
);
/** Expressions that often parse; the rest is the soup of tokens. */
const cel: fc.Arbitrary<string> = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie("expression");
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      atom,
      fc
        .tuple(
          inner,
          fc.constantFrom("&&", "||", "==", "!=", "<", ">=", "+", "-", "*", "/", "%", "in"),
          inner,
        )
        .map((parts) => parts.join(" ")),
      fc
        .tuple(
          inner,
          fc.constantFrom(
            ...[
              "a",
              "__proto__",
              "size()",
              "split('/')",
              "truncate(3)",
              "parseJSON()",
              "parseYAML()",
              "parseURL()",
              "lowerAscii()",
            ],
            ...[
              "matches('a+$')",
              "translate('(a)', '$1x')",
              "replace('a', 'bb')",
              "map(x, x)",
              "filter(x, x == 1)",
              "exists(x, x)",
            ],
            ...[
              "all(x, true)",
              "exists_one(x, x == x)",
              "map(x, [x, x])",
              "startsWith('a')",
              "join(',')",
              "first()",
              "last()",
              "marshalJSON()",
            ],
            ...[
              "canonical('x-a')",
              "match('x-a', 'b')",
              "compareSecret('token', 'hook')",
              "substring(1)",
              "charAt(0)",
              "format([1])",
              "contains('a')",
            ],
          ),
        )
        .map((parts) => parts.join(".")),
      fc
        .tuple(
          fc.constantFrom(
            "size",
            "string",
            "int",
            "double",
            "type",
            "has",
            "dyn",
            "timestamp",
            "duration",
            "uint",
            "bytes",
            "!",
          ),
          inner,
        )
        .map(([name, one]) => `${name}(${one})`),
      fc.tuple(inner, inner, inner).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
    ),
  };
}).expression;

export const expression: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: cel },
  {
    weight: 1,
    arbitrary: joined(
      ["body", ".", "a", "(", ")", "[", "]", "'", "==", "&&", "?", ":", "1", "`", "\\", "in", "{", "}"],
      ["", " "],
    ),
  },
  { weight: 1, arbitrary: text },
);

const PATH_TOKENS = [
  ...[
    "body",
    "header",
    "extensions",
    "context",
    ".a",
    ".b",
    ".list",
    "..",
    "..a",
    "[*]",
    "[0]",
    "[-1]",
    "[0:2]",
    "[::0]",
    "['a']",
  ],
  ...[
    "['a','b']",
    "[0,1]",
    "[?(@.a==1)]",
    "[?(@.a)]",
    "[?(@.a=='x')]",
    ".*",
    "*",
    "{",
    "}",
    "@",
    "$",
    ".__proto__",
    ".constructor",
    "\\.",
  ],
  ...["X-GitHub-Event", ".X-A", "(", ")", "[", "]", "'", '"', " "],
];

/** The value of a binding. */
export const bindingValue: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: joined(PATH_TOKENS, ["", ""]).map((path) => `$(body${path})`) },
  {
    weight: 2,
    arbitrary: joined(
      ["$(", ")", "$", "body.a", "context.eventID", "x", "$(body)", "$(header)", "$(extensions)", "\\"],
      ["", " "],
    ),
  },
  { weight: 1, arbitrary: text },
);

/** A string of a template. */
export const templateText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: joined(
      [
        "$(tt.params.x)",
        "$(tt.params.y)",
        "$(uid)",
        "$(tt.params.",
        ")",
        "$(",
        "a",
        '"',
        "\\",
        "{",
        "\u2028",
      ],
      ["", " "],
    ),
  },
  { weight: 1, arbitrary: text },
);

export const overlayKey = fc.constantFrom(
  "a",
  "a.b",
  "a.0",
  "a.-1",
  "__proto__",
  "__proto__.x",
  "constructor.prototype.x",
  "a.50000000",
  "",
  ".",
  "a..b",
  "x\\.y",
);
export { key as templateKey };
