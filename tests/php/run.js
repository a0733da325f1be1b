// Runs the PHP code of standard input and prints its output.
import { readFileSync } from "node:fs";
import { getPHPLoaderModule } from "@php-wasm/node-8-4";
import { loadPHPRuntime, PHP } from "@php-wasm/universal";

const php = new PHP(await loadPHPRuntime(await getPHPLoaderModule()));
const { exitCode, text, errors } = await php.run({ code: readFileSync(0, "utf8") });
process.stderr.write(errors);
process.stdout.write(text, () => process.exit(exitCode));
