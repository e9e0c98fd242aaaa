/** Floating-point numbers as Go's strconv reads and prints them. */

/** strconv.FormatFloat(x, 'g', -1, 64): with an exponent below 1e-4 and from 1e6 on. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  return power < -4 || power >= 6 ? withExponent(digits, power) : printFixed(value);
}

/** strconv.FormatFloat(x, 'f', -1, 64): never an exponent. */
export function printFixed(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  const negative = digits.startsWith("-") ? "-" : "";
  const [whole, fraction = ""] = digits.replace("-", "").split(".") as [string, string?];
  const all = whole + fraction;
  if (power < 0) return `${negative}0.${"0".repeat(-power - 1)}${all}`;
  if (all.length <= power + 1) return negative + all.padEnd(power + 1, "0");
  return `${negative}${all.slice(0, power + 1)}.${all.slice(power + 1)}`;
}

/** strconv.FormatFloat(x, 'e', precision, 64): an exponent of at least two digits. */
export function printExponent(value: number, precision: number): string {
  const [rounded, exponent] = value.toExponential(precision).split("e") as [string, string];
  const [exact, power] = value.toExponential(100).split("e") as [string, string];
  const point = exact.indexOf(".");
  // Halves go to the even digit; JavaScript takes the larger one.
  const kept = exact.slice(0, precision === 0 ? point : point + 1 + precision);
  const isHalf = /^\.?50*$/.test(exact.slice(kept.length));
  return isHalf && Number(kept.at(-1)) % 2 === 0
    ? withExponent(kept, Number(power))
    : withExponent(rounded, Number(exponent));
}

/**
 * strconv.ParseFloat: decimal, hexadecimal with p exponent, inf, infinity, nan; digits may be parted by underscores.
 * Undefined for anything else.
 */
export function parseFloat64(written: string): number | undefined {
  const isHex = /^[+-]?0[xX]/.test(written);
  const text = written.replace(isHex ? /(?<=[0-9a-fA-FxX])_(?=[0-9a-fA-F])/g : /(?<=[0-9])_(?=[0-9])/g, "");
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (word !== null) {
    if (word[2]?.toLowerCase() === "nan") return word[1] === "" ? Number.NaN : undefined;
    return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return parseHexFloat(text);
}

function parseHexFloat(text: string): number | undefined {
  const match = /^([+-]?)0[xX]([0-9a-fA-F]{0,13})\.?([0-9a-fA-F]{0,13})[pP]([+-]?[0-9]{1,4})$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", power] = match;
  if (whole + fraction === "") return undefined;
  const mantissa = Number.parseInt(whole + fraction, 16) * 2 ** (-4 * fraction.length);
  const value = mantissa * 2 ** Number(power);
  return Number.isFinite(value) ? (sign === "-" ? -value : value) : undefined;
}

function withExponent(digits: string, power: number): string {
  const sign = power < 0 ? "-" : "+";
  return `${digits}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}
