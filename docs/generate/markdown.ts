/** Markdown as the generated pages use it. */

/** Says where a page comes from, so that nobody edits it. */
export function notice(source: string): string {
  return `<!-- Generated from ${source} by \`npm run docs\`: edit that, not this. -->`;
}

/** A table; cells are Markdown, `|` and line breaks in them are escaped. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text as inline code, or nothing for nothing. */
export function code(text: string | undefined): string {
  if (text === undefined || text === "") return "";
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Paragraphs, tables and headings as one page. */
export function page(...blocks: readonly string[]): string {
  return `${blocks.join("\n\n")}\n`;
}

/** Prose from the code's tables: `<…>` and `{…}` stand for values and must not be taken for HTML. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replace(/[<>]/g, (sign) => `\\${sign}`)))
    .join("");
}
