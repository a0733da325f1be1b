// Bundles the pages: node build.mjs OUT DIGEST, beside node_modules. OUT gets the files and manifest.json.

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { build } from "esbuild";

import { linesOver } from "./budget.mjs";
import { licences } from "./licences.mjs";
import { twinsOf } from "./packages.mjs";

const [out, digest] = process.argv.slice(2);

const LICENCES = "THIRD_PARTY_LICENSES.txt";
const BANNER = `/*! The licences of what is bundled here are in ${LICENCES} */`;
const APP = "app/main.tsx";
const TOOLS = { graphiql: "graphiql/page.jsx", rest: "graphiql/rest.js" };
const CLASSIC = {
  theme: "app/styles/theme.js",
  "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
  "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
  "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
};
const FIRST_ROUTE = "records";
/** A file that pages share and that is smaller, in bytes, is part of the first one: a request costs more than its bytes. */
const SMALLEST = 4096;

const shared = {
  bundle: true,
  minify: true,
  outdir: out,
  metafile: true,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  target: ["es2022"],
  legalComments: "external",
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: BANNER, css: BANNER },
  logLevel: "warning",
};

/** React Aria brings its words in thirty languages: the console is in English, which app/kit/english.tsx has it take. */
const englishOnly = {
  name: "english-only",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]intl[\\/].*[\\/][a-z]{2}-[A-Z]{2}\.m?js$/ }, ({ path: file }) =>
      path.basename(file).startsWith("en-US") ? undefined : { contents: "export default {}" },
    );
  },
};

const classic = await build({ ...shared, entryPoints: entries(CLASSIC), format: "iife" });
const workerFiles = Object.fromEntries(
  ["editor", "json", "graphql"].map((label) => [label, outputOf(classic, CLASSIC[`${label}.worker`], ".js")]),
);
const tools = await build({
  ...shared,
  entryPoints: entries(TOOLS),
  format: "esm",
  jsx: "automatic",
  loader: { ".ttf": "file", ".png": "dataurl", ".svg": "dataurl" },
  define: { ...shared.define, WORKER_FILES: JSON.stringify(workerFiles) },
});
const parts = partsOf(await buildApp([], [], false));
const app = await buildApp(parts, sharedModules(await buildApp(parts, [], false)), true);

const twins = [classic, tools, app].flatMap(({ metafile }) => twinsOf(Object.keys(metafile.inputs)));
if (twins.length > 0) throw new Error(`two copies of a package in one bundle\n${twins.join("\n")}`);
await dropCopiesOfStyles();
await writeFile(path.join(out, LICENCES), await licences([classic, tools, app], out));
await compress();
const sizes = await measure();
const manifest = {
  digest,
  app: { ...bundleOf(app, APP), preload: chunksOf(APP).slice(1) },
  graphiql: bundleOf(tools, TOOLS.graphiql),
  rest: bundleOf(tools, TOOLS.rest),
  theme: outputOf(classic, CLASSIC.theme, ".js"),
  routes: Object.fromEntries(routes().map(({ name, source }) => [name, ownChunksOf(source)])),
  sizes: report(),
  licences: LICENCES,
  files: (await readdir(out)).filter((name) => !name.endsWith(".gz")).sort(),
};
await writeFile(path.join(out, "manifest.json"), JSON.stringify(manifest, null, 2));
const over = linesOver(FIRST_ROUTE, manifest.sizes);
if (over.length > 0) throw new Error(`over budget\n${over.join("\n")}`);

/** The application, whose entry and `parts` all load the modules `common` and those of the shell. */
function buildApp(parts, common, write) {
  return build({
    ...shared,
    write,
    entryPoints: entries({ console: APP }),
    format: "esm",
    splitting: true,
    jsx: "automatic",
    loader: { ".graphql": "text" },
    plugins: [englishOnly, oneBase(parts, ["app/shell/gate.tsx", ...common])],
  });
}

/**
 * esbuild makes a file for each set of parts that share a module. All parts are made to import the modules of the base,
 * which are there before any of them: these are one file.
 */
function oneBase(parts, modules) {
  return {
    name: "one-base",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^base:$/ }, () => ({ path: "base", namespace: "base" }));
      onLoad({ filter: /.*/, namespace: "base" }, () => ({
        contents: modules.map((module) => `import ${JSON.stringify(`./${module}`)};`).join("\n"),
        resolveDir: process.cwd(),
      }));
      onLoad({ filter: /\.tsx$/ }, async ({ path: file }) => {
        if (!parts.includes(path.relative(process.cwd(), file))) return undefined;
        // Behind its own imports: the first styles are those of the entry, which names the layers in their order.
        return { contents: `${await readFile(file, "utf8")}\nimport "base:";`, loader: "tsx" };
      });
    },
  };
}

/** The modules of which esbuild begins a file: the entry, the pages, and all that they load later. */
function partsOf({ metafile }) {
  return Object.values(metafile.outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
}

/** Our modules in the small files that pages share, but for those that bring larger files which the first page lacks. */
function sharedModules({ metafile: { outputs } }) {
  const first = new Set([APP, `app/pages/${FIRST_ROUTE}/index.tsx`].flatMap((source) => importsOf(source, outputs)));
  return Object.entries(outputs)
    .filter(([file, output]) => file.endsWith(".js") && output.entryPoint === undefined && output.bytes < SMALLEST)
    .filter(([file]) => filesOf(file, outputs).every((one) => first.has(one) || outputs[one].bytes < SMALLEST))
    .flatMap(([, output]) => Object.keys(output.inputs))
    .filter((module) => /^app[\\/].*\.tsx?$/.test(module));
}

function entries(sources) {
  return Object.entries(sources).map(([name, source]) => ({ in: source, out: name }));
}

function bundleOf(result, source) {
  return { script: outputOf(result, source, ".js"), style: outputOf(result, source, ".css") };
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

/** The routes of the console: each folder in `app/pages` whose page is loaded by itself. */
function routes() {
  return Object.values(app.metafile.outputs)
    .map((output) => /(?:^|\/)(app\/pages\/([^/]+)\/index\.tsx)$/.exec(output.entryPoint ?? ""))
    .filter((found) => found !== null)
    .map(([, source, name]) => ({ source, name }));
}

/** The names of the file made of `source`, then of all files that it imports at once. */
function chunksOf(source) {
  return importsOf(source, app.metafile.outputs).map((file) => path.basename(file));
}

function importsOf(source, outputs) {
  const [first] = Object.entries(outputs).find(([, output]) => output.entryPoint?.endsWith(source));
  return filesOf(first, outputs);
}

/** A file, then all files that it imports at once. */
function filesOf(first, outputs) {
  const found = new Set([first]);
  for (const file of found) {
    for (const { path: imported, kind } of outputs[file].imports) {
      if (kind === "import-statement" && imported in outputs) {
        found.add(imported);
      }
    }
  }
  return [...found];
}

function ownChunksOf(source) {
  const loaded = new Set(chunksOf(APP));
  return chunksOf(source).filter((file) => !loaded.has(file));
}

/** esbuild puts all styles into that of the entry, and copies beside chunks: https://github.com/evanw/esbuild/issues/1590 */
async function dropCopiesOfStyles() {
  const kept = outputOf(app, APP, ".css");
  const styles = Object.keys(app.metafile.outputs).map((file) => path.basename(file));
  await Promise.all(
    styles
      .filter((file) => file.endsWith(".css") && file !== kept)
      .map((file) => rm(path.join(out, file), { force: true })),
  );
}

/** The compressed size of each file in bytes. */
async function measure() {
  const names = (await readdir(out)).filter((name) => name.endsWith(".gz"));
  const read = names.map(async (name) => [name.slice(0, -3), (await readFile(path.join(out, name))).length]);
  return Object.fromEntries(await Promise.all(read));
}

/** Thousands of bytes, compressed, of the first route, of each other route's own files, and of the whole console. */
function report() {
  const total = (files) =>
    Math.round([...new Set(files)].reduce((sum, file) => sum + (sizes[file] ?? 0), 0) / 100) / 10;
  const base = [...chunksOf(APP), outputOf(app, APP, ".css"), outputOf(classic, CLASSIC.theme, ".js")];
  const own = Object.fromEntries(routes().map(({ name, source }) => [name, total(ownChunksOf(source))]));
  const first = routes().find(({ name }) => name === FIRST_ROUTE);
  return {
    base: total(base),
    first: total([...base, ...ownChunksOf(first.source)]),
    routes: own,
    all: total([...base, ...Object.keys(app.metafile.outputs).map((file) => path.basename(file))]),
  };
}

async function compress() {
  for (const name of await readdir(out)) {
    const file = path.join(out, name);
    await writeFile(`${file}.gz`, await promisify(gzip)(await readFile(file), { level: 9 }));
  }
}
