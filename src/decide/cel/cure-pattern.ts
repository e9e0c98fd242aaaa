/** What helps against a pattern that RE2 refuses: people know the richer dialects of Perl, Python and JavaScript. */

/** Characters of a pattern that is repeated, and of one that is looked at. */
const LONGEST = 120;
const MOST = 2_000;

/**
 * The cure of a pattern that RE2 does not know; undefined where nothing is known.
 *
 * @param text what is matched, as CEL; undefined where the pattern replaces something.
 */
export function cureOfPattern(source: string, text: string | undefined): string | undefined {
  if (source.length > MOST) return undefined;
  // Classes are blanked: nothing in them begins a group.
  const plain = source.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/g, (found) =>
    /\\[1-9k]/.test(found) ? found : "_".repeat(found.length),
  );
  const around = /\(\?<?[=!]/.exec(plain);
  if (around !== null) return ofLookaround(source, plain, text);
  if (/\\[1-9k]/.test(plain))
    return "RE2 has no back references, so that it never takes long: compare the parts in CEL, as in body.a == body.b.";
  if (plain.includes("(?>"))
    return "RE2 has no atomic groups, and needs none, since it never goes back: write (?:…).";
  if (/[*+?}]\+/.test(plain))
    return "RE2 has no possessive repetition, and needs none, since it never goes back: leave the second + out.";
  if (/\(\?\(/.test(plain))
    return "RE2 has no conditions in a pattern: write them in CEL, condition ? 'a' : 'b'.";
  if (/\(\?#/.test(plain)) return "RE2 has no comments in a pattern: write // behind the expression.";
  if (/\{\d*,?\d{4,}\}/.test(plain)) return "RE2 repeats at most 1000 times: ask the length by size(x).";
  if (/[[(]/.test(source)) return "A bracket that is meant as a sign has a backslash before it: r'\\['.";
  return undefined;
}

/** `^(?!a)b` is said by two questions; of other places only the way is told. */
function ofLookaround(source: string, plain: string, text: string | undefined): string {
  const why = "RE2 has no lookaheads and lookbehinds";
  const leading = leadingLookahead(source, plain);
  if (text === undefined) return `${why}: keep what stands around in groups, and write them back with $1.`;
  if (leading === undefined || source.length > LONGEST)
    return `${why}: ask twice, ${text}.matches('a') && !${text}.matches('b').`;
  const { not, inside, rest } = leading;
  const asks = [`${not ? "!" : ""}${text}.matches(${inCel(`^${inside}`)})`];
  if (rest !== "" && !/^\.[*+]\$?$/.test(rest)) asks.push(`${text}.matches(${inCel(`^${rest}`)})`);
  return `${why}: write ${asks.join(" && ")}.`;
}

function leadingLookahead(source: string, plain: string) {
  const [head = "", sign] = /^\^?\(\?([=!])/.exec(plain) ?? [];
  // Without ^ it may hold at any place of the text.
  if (sign === undefined || !head.startsWith("^")) return undefined;
  let open = 1;
  for (let at = head.length; at < plain.length; at++) {
    if (plain[at] === "(") open++;
    if (plain[at] === ")") open--;
    if (open > 0) continue;
    const [inside, rest] = [source.slice(head.length, at), source.slice(at + 1)];
    const more = /\(\?<?[=!]/.test(plain.slice(head.length, at) + plain.slice(at + 1));
    // `^a|b` begins with a, or has b anywhere.
    const bare = /\|/.test(inside) ? `(${inside})` : inside;
    return more || /\|/.test(rest) ? undefined : { not: sign === "!", inside: bare, rest };
  }
  return undefined;
}

/** A text of CEL whose backslashes stay. */
function inCel(pattern: string): string {
  const raw = pattern.includes("\\") ? "r" : "";
  return pattern.includes("'") ? `${raw}"${pattern}"` : `${raw}'${pattern}'`;
}
