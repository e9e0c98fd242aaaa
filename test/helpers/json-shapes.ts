/** Fifty shapes of JSON bodies that cost more than they weigh, in any size. */

/** Makes a body of about so many bytes. */
export type Shape = (bytes: number) => Buffer;

/** A head, a unit over and over, a tail. */
function repeated(head: string, unit: string, tail: string): Shape {
  return (bytes) => {
    const one = Buffer.from(unit);
    const room = bytes - Buffer.byteLength(head) - Buffer.byteLength(tail);
    const middle = Buffer.alloc(Math.max(0, Math.floor(room / one.length) * one.length), one);
    return Buffer.concat([Buffer.from(head), middle, Buffer.from(tail)]);
  };
}

/** A head, units that are all different, a tail. */
function counted(head: string, unit: (i: number) => string, tail: string): Shape {
  return (bytes) => {
    const parts = [Buffer.from(head)];
    let size = head.length + tail.length;
    let text = "";
    for (let i = 0; size < bytes; i++) {
      const next = unit(i);
      text += next;
      size += next.length;
      if (text.length < 1_000_000) continue;
      parts.push(Buffer.from(text));
      text = "";
    }
    return Buffer.concat([...parts, Buffer.from(text), Buffer.from(tail)]);
  };
}

const list = (unit: string): Shape => repeated('{"a":[0', `,${unit}`, "]}");
const string = (unit: string): Shape => repeated('{"a":"', unit, '"}');
const nested = (opening: string, closing: string, depth: number): Shape =>
  list(`${opening.repeat(depth)}0${closing.repeat(depth)}`);

export const SHAPES: Readonly<Record<string, Shape>> = {
  "empty objects": list("{}"),
  "empty lists": list("[]"),
  "lists of one": list("[0]"),
  "lists of lists": list("[[],[]]"),
  zeros: list("0"),
  "short numbers": counted('{"a":[0', (i) => `,${i % 97}`, "]}"),
  "negative zeros": list("-0"),
  doubles: counted('{"a":[0', (i) => `,${Math.sin(i)}`, "]}"),
  "long numbers": list("1".repeat(190)),
  "long fractions": list(`0.${"1".repeat(180)}`),
  exponents: list("1e200"),
  "numbers out of range": list("1e999"),
  "one long number": repeated('{"a":0.', "1", "}"),
  trues: list("true"),
  nulls: list("null"),
  "empty strings": list('""'),
  "short strings": counted('{"a":[0', (i) => `,"s${i}"`, "]}"),
  "same strings": list('"abc"'),
  "empty keys": repeated('{"a":{"":""', ',"":""', "}}"),
  "one key over and over": repeated('{"a":{"k":0', ',"k":0', "}}"),
  "different keys": counted('{"a":{"k":0', (i) => `,"k${i}":0`, "}}"),
  "numbers as keys": counted('{"a":{"k":0', (i) => `,"${i * 7_919}":0`, "}}"),
  "objects with an empty key": list('{"":0}'),
  "objects with different keys": counted('{"a":[0', (i) => `,{"k${i}":0}`, "]}"),
  "objects of many kinds": counted('{"a":[0', (i) => `,{"a${i % 50}":{"b${i % 7}":[${i}]}}`, "]}"),
  "keys called __proto__": list('{"__proto__":{}}'),
  "escaped keys": list('{"\\n":0}'),
  "one escaped key, then objects": repeated('{"\\n":1,"a":[0', ",{}", "]}"),
  "one long key": repeated('{"', "k", '":0}'),
  "escaped NUL": string("\\u0000"),
  "lone first halves": string("\\ud800"),
  "lone second halves": string("\\udc00"),
  "surrogate pairs": string("\\ud83d\\ude00"),
  backslashes: string("\\\\"),
  quotes: string('\\"'),
  "one long string": string("x"),
  "text that looks like JSON": string("[{,"),
  "text that looks like exponents": string("0e999 "),
  "two-byte characters": string("é"),
  "three-byte characters": string("漢"),
  "four-byte characters": string("😀"),
  "bytes that are no UTF-8": (bytes) =>
    Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(bytes, 0xff), Buffer.from('"}')]),
  "lists 990 deep": nested("[", "]", 990),
  "objects 990 deep": nested('{"a":', "}", 990),
  "too deep": repeated("", "[", ""),
  spaces: repeated('{"a":', " ", "1}"),
  "new lines": list("\n0"),
  "invalid at the very end": repeated('{"a":[0', ",{}", "]"),
  "a string without end": repeated('{"a":"', "x", ""),
  "no JSON": repeated("", "a=b&", ""),
};
