// Glyph: the icon of a category; index.html contains the shapes.

const KNOWN = new Set(["like", "comment", "follow", "system"]);

/** Show an icon in an `svg` that contains one `use`. */
export function setGlyph(svg, name) {
  svg.firstElementChild.setAttribute("href", `#${name}-glyph`);
}

/** Return the icon of a category; a bell for categories without an icon. */
export function glyphOf(category) {
  return KNOWN.has(category) ? category : "bell";
}
