/** The sender chooses no weaker scheme than the one that was declared, against a real gateway. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { interceptor, listener, secret, trigger, type Written } from "../helpers/objects.ts";
import { attacked } from "./gateway.ts";

const BODY = '{"ref":"refs/heads/main"}';
const SIGNING = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const by = (name: string, ref: string, more: Written = {}) =>
  trigger("build", [interceptor(name, { secretRef: { secretName: ref, secretKey: "token" }, ...more })]);

const objects = [
  secret("hook", "s3cret"),
  secret("signing", SIGNING),
  listener("strong", [by("bitbucket", "hook")]),
  listener("declared", [by("bitbucket", "hook", { allowSha1: true })]),
  listener("signed", [by("gitlab", "signing")]),
];
const hub = (algorithm: string) => ({
  "x-event-key": "repo:push",
  "x-hub-signature": `${algorithm}=${createHmac(algorithm, "s3cret").update(BODY).digest("hex")}`,
});

test("sha1 proves nothing for Bitbucket unless it is declared, and a signing secret is no plain token", async () => {
  await using setup = await attacked("0", [], objects);
  const status = async (to: string, headers: Readonly<Record<string, string>>) =>
    (await setup.send(to, BODY, { headers })).status;
  assert.equal(await status("strong", hub("sha1")), 401);
  assert.equal(await status("strong", hub("sha256")), 202);
  assert.equal(await status("declared", hub("sha1")), 202);
  assert.equal(await status("signed", { "x-gitlab-event": "Push Hook", "x-gitlab-token": SIGNING }), 401);
  assert.equal((await setup.gateway.audit()).accepted, 2);
});
