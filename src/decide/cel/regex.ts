/** Regular expressions in linear time: RE2 finds whether, and on its program we find where. */

import { RE2JS } from "@bufbuild/re2";
import { reasonOf } from "../../core/errors.ts";
import { fail } from "./values.ts";
import type { Pattern, Work } from "./work.ts";
import { allowSize } from "./work.ts";

/** Of patterns that come with an event: characters, and the sum of what stands in braces (`{200}` makes 200 copies). */
const MAX_FOREIGN_LENGTH = 500;
const MAX_FOREIGN_REPEAT = 200;
/** What compiling costs, measured in steps of work.ts: always, for a character, and for each copy of a character. */
const PATTERN_STEPS = 1_000;
const CHARACTER_STEPS = 150;
const COPY_STEPS = 5;
/** What replacing a match costs, and a character of what replaces it. */
const MATCH_STEPS = 20;
const TEMPLATE_STEPS = 6;
/** RE2 refuses repetitions that multiply to more. */
const MAX_COPIES = 1_000;

/**
 * Compiles a pattern that may come from an event, once in an evaluation: its size is limited and compiling is paid for.
 *
 * @throws CelFailure when it is too large, or of a syntax that RE2 does not know.
 */
export function foreignPattern(source: string, work: Work): Pattern {
  const known = work.patterns().get(source);
  if (known !== undefined) return known;
  const repeats = Array.from(source.matchAll(/[{,]([0-9]+)/g), ([, count]) => Number(count));
  if (
    source.length > MAX_FOREIGN_LENGTH ||
    repeats.reduce((sum, count) => sum + count, 0) > MAX_FOREIGN_REPEAT
  ) {
    fail("the pattern is too large");
  }
  const copies = repeats.reduce((product, count) => Math.min(MAX_COPIES, product * Math.max(1, count)), 1);
  work.charge(PATTERN_STEPS + source.length * (CHARACTER_STEPS + copies * COPY_STEPS));
  const pattern = compiledOr(source, "the pattern is of a syntax that RE2 does not know");
  work.patterns().set(source, pattern);
  return pattern;
}

/**
 * Compiles a pattern that an operator wrote.
 *
 * @throws CelFailure when RE2 does not know the syntax (back references, lookarounds, …).
 */
export function compilePattern(source: string): Pattern {
  return compiledOr(source, undefined);
}

/** @param reason said instead of RE2's, which quotes the pattern. */
function compiledOr(source: string, reason: string | undefined): Pattern {
  let re: RE2JS;
  try {
    re = RE2JS.compile(source);
  } catch (error) {
    return fail(reason ?? reasonOf(error));
  }
  return {
    test(work, text) {
      work.charge(text.length * 2);
      return re.test(text);
    },
    replaceAll: (work, text, template) => replaceAll(re, work, text, template),
  };
}

function replaceAll(re: RE2JS, work: Work, text: string, template: string): string {
  work.charge(text.length * 2);
  // Most texts that are searched hold no match at all, and the automaton says so faster.
  if (!re.test(text)) return text;
  const find = createFinder(re.re2().prog, work);
  const names = re.namedGroups();
  let output = "";
  let copied = 0;
  let from = 0;
  while (from <= text.length) {
    const match = find(text, from);
    if (match === undefined) break;
    const [start, end] = match as [number, number];
    output += text.slice(copied, start);
    // An empty match right behind another match does not count.
    work.charge(MATCH_STEPS + template.length * TEMPLATE_STEPS + (end - start) / 16);
    if (end > copied || start === 0) output += expand(template, text, match, names);
    allowSize(output.length);
    copied = end;
    const width = (text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1;
    from = Math.max(from + width, end);
  }
  return output + text.slice(copied);
}

/** Go's Regexp.Expand: `$name` is as long as letters, digits and underscores go; groups without a match are empty. */
function expand(
  template: string,
  text: string,
  match: readonly number[],
  names: ReadonlyMap<string, number>,
): string {
  return template.replace(
    /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (_all, dollar: string | undefined, braced: string | undefined, bare: string | undefined) => {
      if (dollar !== undefined) return "$";
      const name = braced ?? (bare as string);
      const group = /^[0-9]+$/.test(name) ? Number(name) : names.get(name);
      const start = group === undefined ? undefined : match[group * 2];
      const end = group === undefined ? undefined : match[group * 2 + 1];
      return start === undefined || end === undefined || start < 0 ? "" : text.slice(start, end);
    },
  );
}

type Program = ReturnType<RE2JS["re2"]>["prog"];

/** The instructions' numbers; @bufbuild/re2 does not export them. test/decide/cel/regex.test.ts meets each of them. */
const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const MATCH = 6;
const NOP = 7;
const FIRST_RUNE = 8;

interface Thread {
  readonly pc: number;
  readonly groups: readonly number[];
}

/**
 * Finds the leftmost match at or behind a position, first alternatives preferred: Pike's machine, whose time is text
 * times program. @bufbuild/re2 itself only tells whether there is a match.
 *
 * @returns start and end of the match and of each group (-1 where a group took no part).
 */
function createFinder(program: Program, work: Work): (text: string, from: number) => number[] | undefined {
  const follow = (
    start: number,
    groups: readonly number[],
    at: Place,
    threads: Thread[],
    seen: Set<number>,
  ) => {
    const pending: Thread[] = [{ pc: start, groups }];
    for (let thread = pending.pop(); thread !== undefined; thread = pending.pop()) {
      const { pc } = thread;
      if (seen.has(pc)) continue;
      seen.add(pc);
      const inst = program.getInst(pc);
      if (inst.op === ALT || inst.op === ALT_MATCH) {
        pending.push({ pc: inst.arg, groups: thread.groups }, { pc: inst.out, groups: thread.groups });
      } else if (inst.op === NOP) {
        pending.push({ pc: inst.out, groups: thread.groups });
      } else if (inst.op === CAPTURE) {
        pending.push({ pc: inst.out, groups: thread.groups.with(inst.arg, at.position) });
      } else if (inst.op === EMPTY_WIDTH) {
        if ((inst.arg & ~at.conditions) === 0) pending.push({ pc: inst.out, groups: thread.groups });
      } else {
        threads.push(thread);
      }
    }
    work.charge(2 + seen.size * 5);
  };

  return (text, from) => {
    const none = new Array<number>(Math.max(program.numCap, 2)).fill(-1);
    let found: number[] | undefined;
    let threads: Thread[] = [];
    let seen = new Set<number>();
    for (let position = from; ; ) {
      const at = placeIn(text, position);
      if (found === undefined) follow(program.start, none.with(0, position), at, threads, seen);
      if (threads.length === 0 && found !== undefined) return found;
      const rune = text.codePointAt(position);
      const nextPosition = position + (rune !== undefined && rune > 0xffff ? 2 : 1);
      const after = placeIn(text, nextPosition);
      work.charge(6 + threads.length);
      const next: Thread[] = [];
      seen = new Set();
      for (const { pc, groups } of threads) {
        const inst = program.getInst(pc);
        if (inst.op === MATCH) {
          found = groups.with(1, position);
          // Whatever stands behind it in the list is less preferred.
          break;
        }
        if (rune !== undefined && inst.op >= FIRST_RUNE && consumes(inst, rune)) {
          follow(inst.out, groups, after, next, seen);
        }
      }
      if (rune === undefined) return found;
      threads = next;
      position = nextPosition;
    }
  };
}

const RUNE_ANY = 10;
const RUNE_ANY_NOT_NL = 11;

function consumes(inst: ReturnType<Program["getInst"]>, rune: number): boolean {
  if (inst.op === RUNE_ANY) return true;
  if (inst.op === RUNE_ANY_NOT_NL) return rune !== 10;
  return inst.matchRune(rune);
}

interface Place {
  readonly position: number;
  /** RE2's bits: 1 line begins, 2 line ends, 4 text begins, 8 text ends, 16 word boundary, 32 none. */
  readonly conditions: number;
}

function placeIn(text: string, position: number): Place {
  const before = position > 0 ? text.charCodeAt(position - 1) : -1;
  const after = position < text.length ? text.charCodeAt(position) : -1;
  let conditions = isWord(before) === isWord(after) ? 32 : 16;
  if (before === -1) conditions |= 5;
  else if (before === 10) conditions |= 1;
  if (after === -1) conditions |= 10;
  else if (after === 10) conditions |= 2;
  return { position, conditions };
}

function isWord(unit: number): boolean {
  return (
    (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit === 95 || (unit >= 97 && unit <= 122)
  );
}
