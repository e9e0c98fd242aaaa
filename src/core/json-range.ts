/** Tells JSON texts apart that may hold a number beyond the range of doubles, without reading them as JSON. */

// Looking at every value costs as much as parsing them, and hashes of commits are full of what looks like an exponent.
// So what is searched for begins with a letter, which is fast, and what stands before it is looked at from there.
const exponent = /[eE]\+?[0-9]{3}/g;

/** A double has places for 309 digits; what has fewer than this, and no exponent of three, is within its range. */
const MANY_DIGITS = 200;

/**
 * Whether a JSON text may hold a number that JSON.parse reads as infinite.
 *
 * @returns false only if it holds none; true also for a text inside a string that looks like one.
 */
export function mayOverflow(text: string): boolean {
  return holdsLargeExponent(text) || holdsManyDigits(text);
}

function holdsLargeExponent(text: string): boolean {
  exponent.lastIndex = 0;
  for (let found = exponent.exec(text); found !== null; found = exponent.exec(text)) {
    let start = found.index;
    while (isDigit(text.charCodeAt(start - 1)) || text[start - 1] === ".") start--;
    if (start < found.index && startsNumber(text, start)) return true;
  }
  return false;
}

/** What may stand before a number in JSON: nothing, a sign, a colon, a comma, a bracket or white space. */
function startsNumber(text: string, at: number): boolean {
  return at === 0 || "-:,[ \t\n\r".includes(text.charAt(at - 1));
}

/** A run that long covers one of the places that are looked at. */
function holdsManyDigits(text: string): boolean {
  for (let at = MANY_DIGITS - 1; at < text.length; at += MANY_DIGITS) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let [first, last] = [at, at];
    while (isDigit(text.charCodeAt(first - 1))) first--;
    while (isDigit(text.charCodeAt(last + 1))) last++;
    if (last - first + 1 >= MANY_DIGITS) return true;
  }
  return false;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
