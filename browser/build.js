// Writes the bundle to the path that is given: node build.js PATH. The same packages give the same bytes.
import {readFile} from "node:fs/promises";
import {fileURLToPath} from "node:url";
import {build} from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const sdk = here("node_modules/@sentry/browser");
const {version} = JSON.parse(await readFile(`${sdk}/package.json`, "utf8"));
const license = (await readFile(`${sdk}/LICENSE`, "utf8")).trim();

await build({
  entryPoints: [here("sentry.js")],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020", // as the SDK itself
  define: {__SENTRY_DEBUG__: "false", __SENTRY_TRACING__: "false"}, // leaves out log messages and tracing
  legalComments: "none", // the banner has the license
  banner: {js: `/*! @sentry/browser ${version}, built for errors only.\n\n${license}\n*/`},
});
