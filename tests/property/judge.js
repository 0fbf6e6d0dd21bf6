// Read one JSON task in each line: a PATCH for scim-patch, or a filter for scim2-parse-filter.
// Write the result of each in one line: {"result": ...}, or {"error": "..."}.
const { scimPatch } = require("scim-patch");
const { filter, parse } = require("scim2-parse-filter");
const readline = require("node:readline");

// Match the terms in brackets with the same value (RFC 7644 section 3.4.2.2); the package itself
// lets each term match another value.
function matches(term, resource) {
  switch (term.op) {
    case "and":
      return term.filters.every((each) => matches(each, resource));
    case "or":
      return term.filters.some((each) => matches(each, resource));
    case "not":
      return !matches(term.filter, resource);
    case "[]":
      return (resource[term.attrPath] || []).some(filter(term.valFilter));
    default:
      return filter(term)(resource);
  }
}

function answer(task) {
  if (task.filter !== undefined) {
    const term = parse(task.filter);
    const test = task.corrected ? (each) => matches(term, each) : filter(term);
    return task.resources.filter(test).map((each) => each.id);
  }
  return scimPatch(task.resource, task.operations);
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let output;
  try {
    output = { result: answer(JSON.parse(line)) };
  } catch (error) {
    output = { error: String(error.message) };
  }
  process.stdout.write(JSON.stringify(output) + "\n");
});
