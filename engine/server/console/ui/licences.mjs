// The licences of the packages in a bundle.

import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";

import { foldersOf } from "./packages.mjs";

/** The licence texts of all packages in the bundles, then the notices that stand in their code. */
export async function licences(results, out) {
  const folders = foldersOf(results.flatMap((result) => Object.keys(result.metafile.inputs)));
  const parts = await Promise.all(folders.map(licenceOf));
  parts.push(await noticesInCode(out));
  return parts.join(`\n${"-".repeat(100)}\n\n`);
}

async function licenceOf(folder) {
  const about = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  // A package that is a bundle itself has the notices of its parts in a file beside the bundle.
  const notices = /^(licen[sc]e|copying|notice|third-?party-?notices)|es-bundle\.js\.license\.txt$/i;
  const names = (await readdir(folder)).filter((name) => notices.test(name));
  const texts = await Promise.all(names.sort().map((name) => readFile(path.join(folder, name), "utf8")));
  if (texts.length === 0) {
    if (about.license !== "MIT") {
      throw new Error(`${about.name} brings no licence text`);
    }
    const author = typeof about.author === "string" ? about.author : about.author?.name;
    texts.push(mit(author ?? `the authors of ${about.name}`));
  }
  return `${about.name} ${about.version} (${about.license})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`;
}

/** esbuild writes the comments that carry a licence beside each bundle: gathers them, and removes those files. */
async function noticesInCode(out) {
  const names = (await readdir(out)).filter((name) => name.endsWith(".LEGAL.txt")).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(out, name), "utf8")));
  await Promise.all(names.map((name) => rm(path.join(out, name))));
  return `Notices in the code\n\n${texts.join("\n")}`;
}

function mit(holder) {
  return `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}
