// Glyph: the picture of a category; index.html holds the shapes.

const KNOWN = new Set(["like", "comment", "follow", "system"]);

/** Show a glyph in an `svg` that holds one `use`. */
export function setGlyph(svg, name) {
  svg.firstElementChild.setAttribute("href", `#${name}-glyph`);
}

/** Return the glyph for any category: a bell for those that have none of their own. */
export function glyphOf(category) {
  return KNOWN.has(category) ? category : "bell";
}
