// Scroll: the place in a list that grows at both ends. A reader at the end stays there; others keep their message.

/** How near to an end, in pixels, more is loaded. */
const NEAR_PIXELS = 600;
/** How near to the end, in pixels, counts as at the end. */
const END_PIXELS = 32;

export class Scroll {
  #scroller;
  #list;
  #top = 0;
  #anchor = null; // {element, offset}: the first message in view, and how far it is below the upper edge
  #moved;
  #isNewest = true; // whether the end of the list is the newest message
  isAtEnd = true;

  /** moved: called after the reader has scrolled, and after a change of size. */
  constructor(scroller, list, moved) {
    this.#scroller = scroller;
    this.#list = list;
    this.#moved = moved;
    scroller.addEventListener(
      "scroll",
      () => {
        if (scroller.scrollTop === this.#top) return; // set by this class
        this.#remember();
        moved();
      },
      { passive: true },
    );
    const observer = new ResizeObserver(() => {
      if (scroller.clientHeight === 0) return;
      this.#restore();
      this.#moved();
    });
    observer.observe(scroller);
    observer.observe(list);
  }

  get isNearStart() {
    return this.#scroller.clientHeight > 0 && this.#scroller.scrollTop < NEAR_PIXELS;
  }

  get isNearEnd() {
    return this.#scroller.clientHeight > 0 && this.#distance < NEAR_PIXELS;
  }

  get #distance() {
    return this.#scroller.scrollHeight - this.#scroller.clientHeight - this.#scroller.scrollTop;
  }

  /** Change the list by `draw`, and keep the place. isNewest: whether the end of the list is the newest message. */
  keep(draw, isNewest) {
    if (this.#scroller.scrollTop !== this.#top) this.#remember(); // the event of scrolling is yet to come
    draw();
    const wasNewest = this.#isNewest;
    this.#isNewest = isNewest;
    if (!wasNewest) this.isAtEnd = false; // newer messages were loaded below: the reader is not at their end
    this.#restore();
  }

  toEnd() {
    this.isAtEnd = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#remember();
  }

  /** Put an element at a fraction of the view's height. */
  to(element, fraction) {
    this.#scroller.scrollTop = element.offsetTop - this.#scroller.clientHeight * fraction;
    this.#remember();
  }

  #restore() {
    const { element, offset } = this.#anchor ?? {};
    if (this.isAtEnd && this.#isNewest) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    else if (element?.isConnected) this.#scroller.scrollTop += this.#offsetOf(element) - offset;
    this.#remember();
  }

  #remember() {
    const { scrollTop, clientHeight } = this.#scroller;
    if (clientHeight === 0) return;
    this.#top = scrollTop;
    this.isAtEnd = this.#distance <= END_PIXELS;
    const element = this.#firstInView(scrollTop);
    this.#anchor = element === undefined ? null : { element, offset: this.#offsetOf(element) };
  }

  /** Not by offsetTop, which is rounded: the place would drift. */
  #offsetOf(element) {
    return element.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
  }

  #firstInView(top) {
    const rows = this.#list.getElementsByClassName("row");
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].offsetTop + rows[middle].offsetHeight > top) high = middle;
      else low = middle + 1;
    }
    return rows[low];
  }
}
