/** A CEL expression that fails or does not compile says what was probably meant. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cureOf } from "../../../src/decide/cel/cure.ts";
import { explain } from "../../../src/decide/cel/explain.ts";
import { compileCel } from "../../../src/decide/cel/program.ts";
import { CelSyntaxError } from "../../../src/decide/cel/source.ts";
import { CelFailure } from "../../../src/decide/cel/values.ts";
import { eventWith, noSecrets } from "./evaluate.ts";

const SECRETS = { namespace: "ci", secrets: noSecrets };
const BODY = { n: 7, id: 12345678901, text: "a", list: ["a"], map: {}, nothing: null };
const EVENT = eventWith(BODY, { headers: { "X-Github-Event": ["push"] } });

function cureFor(expression: string): string {
  try {
    const program = compileCel(expression);
    try {
      program.evaluate(EVENT, SECRETS);
    } catch (error) {
      if (error instanceof CelFailure) return cureOf(error, program.tree) ?? "";
      throw error;
    }
  } catch (error) {
    if (error instanceof CelSyntaxError) return error.cure ?? "";
    throw error;
  }
  throw new Error(`${expression} has a value`);
}

test("each cause of a failed evaluation has a cure of its own", () => {
  for (const [expression, cure] of [
    ["body.n + 1", "Numbers of JSON are doubles: body.n + 1.0, or int(body.n) + 1."],
    ["2 * body.n", "Numbers of JSON are doubles: 2.0 * body.n, or 2 * int(body.n)."],
    ["body.n % 2", "Numbers of JSON are doubles, and % wants whole numbers: int(body.n) % 2."],
    ["'pr-' + body.n", 'Only texts can be added to a text: "pr-" + string(int(body.n)).'],
    ["body.gone != null && body.gone.x == 1", "has(body.gone) asks whether it is there."],
    ["body.nothing.startsWith('a')", "body.nothing is null: body.nothing != null && …"],
    ["body.list.contains('a')", 'It is a list: "a" in body.list.'],
    ["body.text.length > 3", "The length is size(body.text)."],
    ["body.map['k'] == 1", '"k" in body.map asks whether it is there.'],
    ["body.list[3]", "size(body.list) > 3 asks whether there is one; body.list.last() is the last."],
    ["body.list[-1]", "An index counts from 0 on; body.list.last() is the last."],
    ["body.list['0']", "A list is asked by a number: body.list[0]."],
    ["body.list.name", "body.list is a list: body.list[0].name, or body.list.exists(one, one.name == …)."],
    ["body.text.name", "body.text is a text; one that holds JSON is read by body.text.parseJSON().name."],
    ["body.nothing.name", "body.nothing is null: has(body.nothing.name) asks whether there is one."],
    ["body.text[0]", "It is a text: body.text.substring(0, 1) is its first sign."],
    ["body.text && true", "It wants true or false: body.text == …"],
    ["body.text ? 1 : 2", "It wants true or false: body.text == …"],
    ["body.text.exists(x, x == 'a')", /body\.text\.contains\('…'\)/],
    [
      "body.nothing.exists(x, true)",
      /^body\.nothing is null: body\.nothing != null && body\.nothing\.exists/,
    ],
    ["'x' in body.text", /body\.text\.contains\("x"\)/],
    ["body.text.substring(0, 9)", /body\.text\.truncate\(9\)/],
    ["body.n > '3'", /^Both sides must be of one kind/],
    ["int(body.text)", /int\(double\(body\.text\)\)/],
    ["string(body.list)", "Of a list write body.list.join(',') or body.list.marshalJSON()."],
    ["body.n.marshalJSON()", /string\(int\(body\.n\)\)\.$/],
    ["base64.encode(body.text)", "It takes bytes: base64.encode(bytes(body.text))."],
    ["body.map + 'x'", 'Only texts can be added to a text: body.map.marshalJSON() + "x".'],
    ["header.event", /^Go spells it 'Event'; header\.canonical\('event'\)/],
  ] as const) {
    if (typeof cure === "string") assert.equal(cureFor(expression), cure, expression);
    else assert.match(cureFor(expression), cure, expression);
  }
  assert.match(cureFor("header['X-GitHub-Event'] == ['push']"), /Go spells it 'X-Github-Event'/);
  assert.match(
    cureFor("header['X-Github-Event'].startsWith('p')"),
    /header\.canonical\('X-Github-Event'\)\.startsWith/,
  );
  assert.match(cureFor("body.list.startsWith('a')"), /body\.list\[0\]\.startsWith\("a"\)/);
});

test("each habit of another language has a cure of its own", () => {
  for (const [expression, cure] of [
    ["body.text.decodeb64()", /string\(base64\.decode\(body\.text\)\)/],
    ["body.?a.?b.orValue('')", /has\(body\.a\.b\)/],
    ["body.text = 'a'", /==/],
    ["body.a == 'x and y' and body.b", /&&/],
    ["body.text == 'a", /not closed/],
    ["$(body.text) == 'a'", /not \$\(body\.ref\)/],
    ["len(body.list) > 1", /size\(body\.list\)/],
    ["body.text.toLowerCase() == 'a'", /body\.text\.lowerAscii\(\)/],
    ["body.text.startswith('a')", /startsWith/],
    ["header.X-GitHub-Event == 'push'", /header\.canonical\('X-GitHub-Event'\)/],
    ["body.head-commit == 'a'", /body\['head-commit'\]/],
    ["headers['a'] == 'b'", /called header/],
    ["body.text.match('a')", /matches/],
    ["has(body['a'])", /'key' in body/],
  ] as const) {
    assert.match(cureFor(expression), cure, expression);
  }
});

test("an explanation says how a number in a text keeps its digits", () => {
  const explained = JSON.stringify(explain(compileCel("'id-' + string(body.id)"), EVENT, SECRETS));
  assert.match(explained, /string\(int\(body\.id\)\) has all its digits/);
  assert.doesNotMatch(JSON.stringify(explain(compileCel("string(body.n)"), EVENT, SECRETS)), /digits/);
});

test("what does not compile for its operands, its signs or its pattern has a cure too", () => {
  for (const [expression, cure] of [
    ["body.text matches 'a'", /body\.text\.matches\('…'\)/],
    ["body.text is true", /==/],
    ["body.text == \u2018a\u2019", /typographic/],
    ["body.text == 'a' # so", /\/\//],
    ["true ? 'a' : 1", /both of its branches/],
    ["header.canonical('A') == ['a']", /one kind/],
    ["size(body.list) > 1.0", /1\.0 beside a double/],
    ["body.text in 'abc'", /contains/],
  ] as const)
    assert.match(cureFor(expression), cure, expression);
});

test("a comparison that can never hold says so, with the values", () => {
  const program = compileCel("body.n == '7' || body.text == 'a'");
  const { parts } = explain(program, EVENT, SECRETS) as { parts: readonly Record<string, unknown>[] };
  const hints = parts.flatMap(({ part, hint }) => (hint === undefined ? [] : [[part, hint]]));
  assert.deepEqual(hints, [['body.n == "7"', 'body.n is a number and "7" a text: these are never equal']]);
});

test("a pattern that RE2 refuses says how it is asked without", () => {
  for (const [expression, cure] of [
    ["body.text.matches('^(?!refs/tags)')", /: write !body\.text\.matches\('\^refs\/tags'\)\.$/],
    ["body.text.matches('^(?!refs/tags).*$')", /: write !body\.text\.matches\('\^refs\/tags'\)\.$/],
    [
      "matches(body.text, '^(?!a|b)c')",
      /!body\.text\.matches\('\^\(a\|b\)'\) && body\.text\.matches\('\^c'\)/,
    ],
    [
      "body.text.matches(r'^(?=v\\d)v')",
      /write body\.text\.matches\(r'\^v\\d'\) && body\.text\.matches\('\^v'\)/,
    ],
    ["body.text.matches('a(?!b)')", /ask twice, body\.text\.matches\('a'\) && !body\.text\.matches\('b'\)/],
    ["body.text.matches('(?<=a)b')", /lookbehinds: ask twice/],
    ["body.text.replace('a', 'b').matches('^(?!a)')", /write !x\.matches/],
    ["body.text.matches(r'(a)\\1')", /no back references/],
    ["body.text.matches('(?>a)b')", /no atomic groups/],
    ["body.text.matches('a*+b')", /no possessive repetition/],
    ["body.text.translate('(?!a)', 'b')", /write them back with \$1/],
  ] as const)
    assert.match(cureFor(expression), cure, expression);
  // Signs in a class, and escaped ones, begin nothing.
  assert.match(cureFor("body.text.matches(r'[(?!]\\(\\?!(')"), /bracket that is meant as a sign/);
});
