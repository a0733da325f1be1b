// Bundles the pages: node build.mjs OUT DIGEST, beside node_modules. OUT gets the files and manifest.json.

import { build } from "esbuild";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const [out, digest] = process.argv.slice(2);

const LICENCES = "THIRD_PARTY_LICENSES.txt";
const BANNER = `/*! The licences of what is bundled here are in ${LICENCES} */`;
const PAGES = { graphiql: "src/page.jsx", rest: "src/rest.js" };
const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};

const shared = {
  bundle: true,
  minify: true,
  outdir: out,
  metafile: true,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  target: ["es2022"],
  legalComments: "external",
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: BANNER, css: BANNER },
  logLevel: "warning",
};

const workers = await build({ ...shared, entryPoints: entries(WORKERS, ".worker"), format: "iife" });
const workerFiles = Object.fromEntries(
  Object.entries(WORKERS).map(([label, source]) => [label, outputOf(workers, source, ".js")]),
);
const pages = await build({
  ...shared,
  entryPoints: entries(PAGES),
  format: "esm",
  splitting: false,
  jsx: "automatic",
  loader: { ".ttf": "file", ".png": "dataurl", ".svg": "dataurl" },
  define: { ...shared.define, WORKER_FILES: JSON.stringify(workerFiles) },
});

await writeFile(path.join(out, LICENCES), await licences([workers, pages]));
await compress();
const manifest = {
  digest,
  ...bundleOf("graphiql"),
  rest: bundleOf("rest"),
  licences: LICENCES,
  files: (await readdir(out)).filter((name) => !name.endsWith(".gz")).sort(),
};
await writeFile(path.join(out, "manifest.json"), JSON.stringify(manifest, null, 2));

function entries(sources, suffix = "") {
  return Object.entries(sources).map(([name, source]) => ({ in: source, out: name + suffix }));
}

function bundleOf(page) {
  return { script: outputOf(pages, PAGES[page], ".js"), style: outputOf(pages, PAGES[page], ".css") };
}

/** The name of the file that was made of `source`. */
function outputOf(result, source, extension) {
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    if (output.entryPoint?.endsWith(source)) {
      return path.basename(extension === ".css" ? output.cssBundle : file);
    }
  }
  throw new Error(`nothing was made of ${source}`);
}

/** The licence texts of all packages in the bundles, then the notices that stand in their code. */
async function licences(results) {
  const folders = new Set();
  for (const input of results.flatMap((result) => Object.keys(result.metafile.inputs))) {
    const match = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
    if (match) {
      folders.add(match[0]);
    }
  }
  const parts = await Promise.all([...folders].sort().map(licenceOf));
  parts.push(await noticesInCode());
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
async function noticesInCode() {
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

async function compress() {
  for (const name of await readdir(out)) {
    const file = path.join(out, name);
    await writeFile(`${file}.gz`, await promisify(gzip)(await readFile(file), { level: 9 }));
  }
}
