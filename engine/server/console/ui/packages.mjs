// The packages in a bundle, by the paths of its inputs.

/** The folder of the package that a file belongs to; undefined for a file of ours. */
function folderOf(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** The folders of all packages that files belong to, in their order. */
export function foldersOf(files) {
  return [...new Set(files.map(folderOf).filter((folder) => folder !== undefined))].sort();
}

/** A line for each package that is in a bundle twice: two versions of it, each with a state of its own. */
export function twinsOf(files) {
  const copies = Map.groupBy(foldersOf(files), (folder) => folder.slice(folder.lastIndexOf("node_modules/")));
  return [...copies.values()].filter(({ length }) => length > 1).map((folders) => folders.join(", "));
}
