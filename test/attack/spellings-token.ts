/** Spellings of GitLab's token, of Standard Webhooks and of Slack's signature: which are right, and which are not. */

import { createHash, createHmac } from "node:crypto";
import {
  BODY,
  FORM,
  flipped,
  fullwidth,
  type Headers,
  hex,
  KEY,
  OTHER,
  right,
  SECRET,
  SIGNING,
  type Spelling,
  utf8,
  wrong,
} from "./spelling.ts";

const token = (value: string): Headers => [["X-Gitlab-Token", value]];
export const GITLAB: readonly Spelling[] = [
  right("as it should be", token(SECRET)),
  right("under a name in lower case", [["x-gitlab-token", SECRET]]),
  right("with the white space around it that HTTP allows", token(` ${SECRET}\t`)),
  wrong("missing", []),
  wrong("empty", token("")),
  wrong("in capitals", token(SECRET.toUpperCase())),
  wrong("its beginning", token(SECRET.slice(0, -1))),
  wrong("its end", token(SECRET.slice(1))),
  wrong("a letter too many", token(`${SECRET}x`)),
  wrong("twice in a row", token(SECRET + SECRET)),
  wrong("joined by a comma", token(`${SECRET}, ${SECRET}`)),
  wrong("in quotes", token(`"${SECRET}"`)),
  wrong("percent-encoded", token(`%5A${SECRET.slice(1)}`)),
  wrong("in base64", token(Buffer.from(SECRET).toString("base64"))),
  wrong("in hex", token(Buffer.from(SECRET).toString("hex"))),
  wrong("hashed", token(createHash("sha256").update(SECRET).digest("hex"))),
  wrong("as a bearer token in its header", token(`Bearer ${SECRET}`)),
  wrong("digits of full width", token(utf8(fullwidth(SECRET)))),
  wrong("a no-break space behind it", token(`${SECRET}\u00a0`)),
  wrong("a wildcard", token("*")),
  wrong("true", token("true")),
  wrong("as Authorization", [["Authorization", `Bearer ${SECRET}`]]),
  wrong("as Private-Token", [["Private-Token", SECRET]]),
  wrong("in GitHub's header", [["X-Hub-Signature-256", `sha256=${hex("sha256", SECRET, BODY)}`]]),
  wrong("a wrong header before the right one", [...token(OTHER), ...token(SECRET)]),
];

/** What Standard Webhooks sign; GitLab's signing token. */
function signing(
  claim: (mac: string, other: string) => string,
  more: Partial<Record<string, string>> = {},
): Headers {
  const [id, time] = ["msg_1", String(Math.floor(Date.now() / 1_000))];
  const of = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest("base64");
  const mac = of(KEY, `${id}.${more["signed"] ?? more["time"] ?? time}.${BODY}`);
  return [
    ["Webhook-Id", more["id"] ?? id],
    ["Webhook-Timestamp", more["time"] ?? time],
    ["Webhook-Signature", claim(mac, of(SIGNING, `${id}.${time}.${BODY}`))],
  ];
}

const seconds = (offset: number) => String(Math.floor(Date.now() / 1_000) + offset);
export const GITLAB_SIGNED: readonly Spelling[] = [
  right(
    "as it should be",
    signing((mac) => `v1,${mac}`),
  ),
  right(
    "beside one of another key, as while rotating",
    signing((mac, other) => `v1,${other} v1,${mac}`),
  ),
  wrong(
    "empty",
    signing(() => ""),
  ),
  wrong(
    "without version",
    signing((mac) => mac),
  ),
  wrong(
    "version 2",
    signing((mac) => `v2,${mac}`),
  ),
  wrong(
    "the asymmetric version",
    signing((mac) => `v1a,${mac}`),
  ),
  wrong(
    "version in capitals",
    signing((mac) => `V1,${mac}`),
  ),
  wrong(
    "an equals sign instead of the comma",
    signing((mac) => `v1=${mac}`),
  ),
  wrong(
    "space behind the comma",
    signing((mac) => `v1, ${mac}`),
  ),
  wrong(
    "without padding",
    signing((mac) => `v1,${mac.replace(/=+$/, "")}`),
  ),
  wrong(
    "in base64url",
    signing((mac) => `v1,${Buffer.from(mac, "base64").toString("base64url")}`),
  ),
  wrong(
    "in hex",
    signing((mac) => `v1,${Buffer.from(mac, "base64").toString("hex")}`),
  ),
  wrong(
    "under the text of the key",
    signing((_mac, other) => `v1,${other}`),
  ),
  wrong(
    "joined by a comma",
    signing((mac, other) => `v1,${other},v1,${mac}`),
  ),
  wrong(
    "behind more claims than are read",
    signing((mac) => `${"v1,x ".repeat(10)}v1,${mac}`),
  ),
  wrong(
    "of another id",
    signing((mac) => `v1,${mac}`, { id: "msg_2" }),
  ),
  wrong(
    "without id",
    signing((mac) => `v1,${mac}`, { id: "" }),
  ),
  wrong(
    "of another time",
    signing((mac) => `v1,${mac}`, { signed: seconds(-10) }),
  ),
  wrong(
    "an hour old",
    signing((mac) => `v1,${mac}`, { time: seconds(-3_600) }),
  ),
  wrong(
    "an hour early",
    signing((mac) => `v1,${mac}`, { time: seconds(3_600) }),
  ),
  wrong(
    "time with a fraction",
    signing((mac) => `v1,${mac}`, { time: `${seconds(0)}.0` }),
  ),
  wrong(
    "time in milliseconds",
    signing((mac) => `v1,${mac}`, { time: `${seconds(0)}000` }),
  ),
  wrong(
    "time with a sign",
    signing((mac) => `v1,${mac}`, { time: `+${seconds(0)}` }),
  ),
];

/** @param signed the time that is signed; @param sent the time that the header says. */
function slack(claim: (mac: string) => string, sent = seconds(0), signed = sent): Headers {
  const mac = hex("sha256", SECRET, `v0:${signed}:${FORM}`);
  return [
    ["X-Slack-Request-Timestamp", sent],
    ["X-Slack-Signature", claim(mac)],
  ];
}

const v0 = (mac: string): string => `v0=${mac}`;
export const SLACK: readonly Spelling[] = [
  right("as it should be", slack(v0)),
  right("two minutes old", slack(v0, seconds(-120))),
  wrong("missing", []),
  wrong(
    "empty",
    slack(() => ""),
  ),
  wrong(
    "nothing but the version",
    slack(() => "v0="),
  ),
  wrong(
    "without version",
    slack((mac) => mac),
  ),
  wrong(
    "version 1",
    slack((mac) => `v1=${mac}`),
  ),
  wrong(
    "version in capitals",
    slack((mac) => `V0=${mac}`),
  ),
  wrong(
    "hex in capitals",
    slack((mac) => `v0=${mac.toUpperCase()}`),
  ),
  wrong(
    "a digit too many",
    slack((mac) => `v0=${mac}0`),
  ),
  wrong(
    "a digit missing",
    slack((mac) => `v0=${mac.slice(1)}`),
  ),
  wrong(
    "its last digit changed",
    slack((mac) => flipped(v0(mac))),
  ),
  wrong(
    "in base64",
    slack((mac) => `v0=${Buffer.from(mac, "hex").toString("base64")}`),
  ),
  wrong(
    "joined by a comma",
    slack((mac) => `v0=${mac},v0=${mac}`),
  ),
  wrong(
    "digits of full width",
    slack((mac) => utf8(`v0=${fullwidth(mac)}`)),
  ),
  wrong("an hour old", slack(v0, seconds(-3_600))),
  wrong("an hour early", slack(v0, seconds(3_600))),
  wrong("of another time", slack(v0, seconds(0), seconds(-10))),
  wrong("without time", slack(v0, "", "")),
  wrong("time with a fraction", slack(v0, `${seconds(0)}.0`)),
  wrong("time in milliseconds", slack(v0, `${seconds(0)}000`)),
  wrong("time as an exponent", slack(v0, `${seconds(0)}e0`)),
  wrong("time in hex", slack(v0, `0x${Number(seconds(0)).toString(16)}`)),
  wrong("time below zero", slack(v0, `-${seconds(0)}`)),
  wrong("time as a word", slack(v0, "NaN")),
  wrong("GitHub's way", [["X-Slack-Signature", `sha256=${hex("sha256", SECRET, FORM)}`]]),
];
