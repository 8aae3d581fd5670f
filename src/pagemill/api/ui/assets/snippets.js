// A request as code. The key is never in it.
const PATHS = { page: "/v1/url-scraper", batch: "/v1/url-scraper/batch", map: "/v1/map", crawl: "/v1/crawl" };
const RESULTS = { page: "/v1/url-scraper", batch: "/v1/url-scraper", map: "/v1/map", crawl: "/v1/crawl" };
const KEY = "$PAGEMILL_API_KEY";

export function asCode(kind, body, origin) {
  return { curl: curl(kind, body, origin), python: python(kind, body, origin), javascript: javascript(kind, body, origin), mcp: mcp(kind, body) };
}

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(kind, body, origin) {
  const submit = `curl ${shell(origin + PATHS[kind])} \\\n  -H "X-API-Key: ${KEY}" -H 'Content-Type: application/json' \\\n  -d ${shell(JSON.stringify(body, null, 2))}`;
  return `${submit}\n\n# With the id of the answer:\ncurl -H "X-API-Key: ${KEY}" "${origin}${RESULTS[kind]}/$ID?wait=60"\n`;
}

function python(kind, body, origin) {
  const { url, urls, ...rest } = body;
  const given = Object.entries(rest).map(([name, value]) => `\n        ${snake(name)}=${literal(value)},`).join("");
  const first = literal(kind === "batch" ? urls : url);
  const call = { page: `page = client.scrape(\n        ${first},${given}\n    )\n    print(page.markdown)`,
    batch: `for page in client.batch(\n        ${first},${given}\n    ):\n        print(page.url, page.status)`,
    map: `print(client.map(\n        ${first},${given}\n    ).links)`,
    crawl: `for page in client.crawl(\n        ${first},${given}\n    ):\n        print(page.number, page.url)` }[kind];
  return `import os\n\nfrom pagemill import Client\n\nwith Client(${literal(origin)}, os.environ["PAGEMILL_API_KEY"]) as client:\n    ${call}\n`;
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

// JSON's strings are Python's too, but for characters beyond the first plane, which stay as they are.
function literal(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${literal(item)}`).join(", ")}}`;
  return JSON.stringify(value);
}

function javascript(kind, body, origin) {
  return `const answer = await fetch(${JSON.stringify(origin + PATHS[kind])}, {
  method: "POST",
  headers: { "X-API-Key": process.env.PAGEMILL_API_KEY, "Content-Type": "application/json" },
  body: JSON.stringify(${JSON.stringify(body, null, 2).replaceAll("\n", "\n  ")}),
});
const { id } = await answer.json();
const result = await fetch(\`${origin.replace(/[`$\\]/g, "\\$&")}${RESULTS[kind]}/\${id}?wait=60\`, {
  headers: { "X-API-Key": process.env.PAGEMILL_API_KEY },
});
console.log(await result.json());
`;
}

// What the tools take; the rest is the API's alone.
const PAGES = ["country", "use_browser", "force_fresh", "wait_for", "session_name"];
const TEXTS = [...PAGES, "only_main_content", "include_tags", "exclude_tags", "links", "images"];
const TOOLS = {
  page: ["scrape", ["url", ...TEXTS]],
  extract: ["extract", ["url", ...PAGES, "output_schema"]],
  batch: ["batch_scrape", ["urls", ...TEXTS]],
  map: ["map", ["url", "search", "limit", "depth", "include_subdomains"]],
  crawl: ["crawl", ["url", ...TEXTS, "max_pages", "depth", "include_patterns", "exclude_patterns", "include_subdomains", "use_sitemap", "query"]],
};

function toolOf(kind, body) {
  return TOOLS[kind === "page" && (body.generateJson || body.outputSchema) ? "extract" : kind];
}

// What is asked for and no argument of the tool says, as a sentence; nothing where all is said.
export function leftOutOfMcp(kind, body) {
  const [name, taken] = toolOf(kind, body);
  const left = Object.keys(body).filter((field) => !taken.includes(snake(field)) && field !== "generateJson");
  const formats = (body.formats ?? []).filter((format) => format !== "markdown");
  const options = left.filter((field) => field !== "formats");
  if (name === "extract" ? body.formats?.length : formats.length) options.unshift(`formats (it returns ${name === "extract" ? "JSON" : "Markdown"} alone)`);
  if (kind !== "page" && body.generateJson) options.push("generateJson");
  return options.length ? `The tool ${name} takes no ${options.join(", ")}. Ask the API for that.` : "";
}

function mcp(kind, body) {
  const [name, taken] = toolOf(kind, body);
  const given = {};
  for (const [field, value] of Object.entries(body)) if (taken.includes(snake(field))) given[snake(field)] = value;
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: given } }, null, 2);
}
