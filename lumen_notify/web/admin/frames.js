// Frames: reads the frames of a text/event-stream from its pieces (HTML standard, "Parsing an event stream").

/** A frame that is longer is none of this server. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** A line's end. A lone CR at the end of a piece may be half of a CRLF. */
const END_OF_LINE = /\r\n|\n|\r(?!$)/;

export class FrameParser {
  #rest = "";
  #kind = "";
  #lines = [];
  #length = 0;

  /** Take the next piece of text. Return the frames that are complete: `{kind, body}`, the body read as JSON. */
  take(piece) {
    const lines = (this.#rest + piece).split(END_OF_LINE);
    this.#rest = lines.pop();
    this.#length += piece.length;
    if (this.#length > MAX_CHARACTERS) throw new RangeError("The frame is too long.");
    return lines.flatMap((line) => (line === "" ? this.#end() : this.#field(line)));
  }

  #field(line) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#kind = value;
    else if (name === "data") this.#lines.push(value);
    return [];
  }

  #end() {
    const frame = { kind: this.#kind || "message", text: this.#lines.join("\n") };
    const isEmpty = this.#lines.length === 0;
    this.#kind = "";
    this.#lines = [];
    this.#length = this.#rest.length;
    return isEmpty ? [] : [{ kind: frame.kind, body: JSON.parse(frame.text) }];
  }
}
