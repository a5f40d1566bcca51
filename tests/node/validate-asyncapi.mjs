// Validates an AsyncAPI document as `@asyncapi/cli validate` does, whose validator this is: node validate-asyncapi.mjs
// FILE. Prints everything that it finds, also hints, as a line of JSON each.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
for (const { code, message, path } of diagnostics) console.log(JSON.stringify([code, path.join("."), message]));
if (document === undefined) process.exit(1);
