// Shape: describes a JSON schema in a few words.

/** Return a list of strings and of `{name}`, a reference to a schema of the document. */
export function shapeOf(schema) {
  if (schema.$ref !== undefined) return [{ name: schema.$ref.split("/").at(-1) }];
  if (schema.const !== undefined) return [`\`${JSON.stringify(schema.const)}\``];
  if (schema.enum !== undefined) return [schema.enum.map((one) => `\`${one}\``).join(", ")];
  if (Array.isArray(schema.type)) return joined(schema.type.map((type) => shapeOf({ ...schema, type })), " or ");
  const choices = schema.anyOf ?? (schema.type === "string" ? undefined : schema.oneOf);
  if (choices !== undefined && schema.properties === undefined) return joined(choices.map(shapeOf), " or ");
  if (schema.type === "array") {
    const bounds = limits(schema.minItems, schema.maxItems, "items");
    return [bounds === "" ? "list of " : `list${bounds}, of `, ...shapeOf(schema.items)];
  }
  if (schema.type === "string") {
    return [schema.format ?? "text", limits(schema.minLength, schema.maxLength, "characters")];
  }
  if (schema.type === "integer") return ["whole number", limits(schema.minimum, schema.maximum, "")];
  if (schema.type === "boolean") return ["`true` or `false`"];
  if (schema.type === "null") return ["`null`"];
  if (typeof schema.additionalProperties === "object") return ["object of name: ", ...shapeOf(schema.additionalProperties)];
  return [schema.type ?? "anything"];
}

function joined(lists, between) {
  return lists.flatMap((list, index) => (index === 0 ? list : [between, ...list]));
}

/** Describe the limits, without trivial ones such as "may be empty" or "at most 63 bits". */
function limits(lowest, highest, unit) {
  const least = lowest === undefined || lowest === 0 || (lowest === 1 && unit !== "") ? null : lowest;
  const most = highest === undefined || highest > Number.MAX_SAFE_INTEGER ? null : highest;
  const after = unit === "" ? "" : ` ${unit}`;
  if (least !== null && most !== null) return `, ${least} to ${most.toLocaleString("en")}${after}`;
  if (most !== null) return `, at most ${most.toLocaleString("en")}${after}`;
  return least === null ? "" : `, at least ${least}${after}`;
}
