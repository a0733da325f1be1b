// The encoding of a file: the server takes UTF-8, and spreadsheets write others, too.

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** Return the encoding of a file: by its byte order mark, else UTF-8 if all of it is, else that of Western spreadsheets. */
export async function detectEncoding(file: Blob): Promise<Encoding> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return (await isUtf8(file)) ? "utf-8" : "windows-1252";
}

async function isUtf8(file: Blob): Promise<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    await forEachChunk(file, (chunk) => decoder.decode(chunk, { stream: true }));
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Return a file in UTF-8; one that is in UTF-8 already is returned itself. */
export async function toUtf8(file: Blob, encoding: Encoding): Promise<Blob> {
  if (encoding === "utf-8") return file;
  const decoder = new TextDecoder(encoding);
  const parts: string[] = [];
  await forEachChunk(file, (chunk) => parts.push(decoder.decode(chunk, { stream: true })));
  parts.push(decoder.decode());
  return new Blob(parts);
}

async function forEachChunk(file: Blob, use: (chunk: Uint8Array) => void): Promise<void> {
  const reader = file.stream().getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) use(read.value);
}
