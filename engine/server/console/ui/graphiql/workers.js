// Monaco's workers, from the server that the page came from.

// Filled in by build.mjs: the label that Monaco asks with -> the file's name.
const files = WORKER_FILES;

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    return new Worker(new URL(files[label] ?? files.editor, import.meta.url));
  },
};
