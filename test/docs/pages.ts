/** The project's Markdown: which pages there are, and what stands in them. */

import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ROOT } from "../helpers/process.ts";

export interface Page {
  /** From the project's folder: `docs/cli.md`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block. */
export interface Block {
  /** What follows the fence: `sh run exit=1`. */
  readonly info: string;
  readonly text: string;
  /** Counts from 1. */
  readonly line: number;
}

/** Every page that belongs to the project, sorted by path. */
export async function pages(): Promise<readonly Page[]> {
  const exclude = (path: string) => /(^|\/)(node_modules|dist|\.[a-z]+)(\/|$)/.test(path);
  const paths: string[] = [];
  for await (const path of glob("**/*.md", { cwd: ROOT, exclude })) paths.push(path);
  return paths.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** The page of a path. */
export function page(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), "utf8") };
}

/** The fenced blocks of a page. */
export function blocks({ text }: Page): readonly Block[] {
  return [...text.matchAll(/^```([^\n`]*)\n(.*?)^```$/gms)].map((match) => ({
    info: (match[1] ?? "").trim(),
    text: match[2] ?? "",
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/** Relative links outside of code, as paths from the project's folder with their `#anchor`, if any. */
export function links({ path, text }: Page): readonly { readonly target: string; readonly anchor: string }[] {
  const prose = text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((link) => !/^[a-z]+:/i.test(link))
    .map((link) => {
      const [file = "", anchor = ""] = link.split("#");
      return { target: file === "" ? path : join(dirname(path), file), anchor };
    });
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors({ text }: Page): ReadonlySet<string> {
  const headings = text.replace(/^```.*?^```$/gms, "").matchAll(/^#+ (.+)$/gm);
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
  return new Set([...headings].map((match) => slug(match[1] ?? "")));
}
