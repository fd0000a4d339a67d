/**
 * Where things stand: picture beside side, or stacked below 900 pixels; the height of the picture; the page's tools in
 * its bar. Present mode fills the screen and never scrolls.
 */

export class Layout {
  constructor(stage) {
    this.stage = stage;
    this.below = 0;
  }

  apply() {
    const { element, data, views, side } = this.stage;
    const width = element.clientWidth;
    if (!width) return;
    const page = data.tokens?.page ?? {};
    const stacked = width < (page.stack_below ?? 900) && !data.present;
    this.stage.narrow = width < (page.compact_below ?? 480);
    element.classList.toggle("fv-stacked", stacked);
    element.classList.toggle("fv-narrow", this.stage.narrow);
    element.classList.toggle("fv-alone", !side.children.length || Boolean(data.hide?.includes("side")));
    element.style.setProperty("--fv-side-height", `${this.#sideHeight()}px`);
    element.style.setProperty("--fv-height", `${this.#pictureHeight(width, stacked)}px`);
    this.#placeTools();
    for (const view of views) {
      view.measure();
      view.memory.clear();
    }
  }

  /**
   * The page's bar is above the stage; its place is told from where the stage stands on the page. Where the page's own
   * links need the room, the tools stand below the picture.
   */
  #placeTools() {
    const { toolbar, data, element } = this.stage;
    const wanted = data.toolbar === "bar" && !data.present;
    toolbar.place(wanted);
    if (!wanted) return;
    const right = pageRight(element) - element.getBoundingClientRect().right;
    Object.assign(toolbar.bar.style, { top: `${Math.round((data.bar_top ?? 8) - this.#top())}px`, right: `${Math.round(-right)}px` });
    if (covers(toolbar.bar.getBoundingClientRect())) toolbar.place(false);
  }

  /** The stage's own top in page coordinates, however far its parents are scrolled. */
  #top() {
    return this.stage.element.getBoundingClientRect().top + scrolled(this.stage.element);
  }

  /** Stacked, the side has the height its rows need. */
  #sideHeight() {
    const panels = this.stage.views.map((view) => view.panel).filter((panel) => panel.area === "side");
    const rows = panels.map((panel) => (panel.kind === "density" ? panel.rows?.length ?? 1 : 2.5));
    return 24 + rows.reduce((sum, count) => sum + Math.max(170, 112 * count), 0);
  }

  #pictureHeight(width, stacked) {
    const { element, data, views, picture, narrow } = this.stage;
    const alone = element.classList.contains("fv-alone");
    const own = stacked || alone ? width : width * 0.61;
    const aspect = views[0]?.panel.aspect ?? (stacked ? 0.72 : alone ? 0.42 : 0.585);
    const usual = Math.round(Math.min(stacked ? 460 : 440, Math.max(narrow ? 250 : 280, own * aspect)));
    if (!data.present) return usual;
    this.#learnBelow();
    const rows = element.scrollHeight - picture.offsetHeight;
    const room = window.innerHeight - this.#top() - rows - this.below;
    return Math.round(Math.max(220, Math.min(room, 0.56 * width)));
  }

  /** What the page itself puts below the stage shows only as overflow; it is learnt once per size. */
  #learnBelow() {
    const { element } = this.stage;
    const key = `${window.innerWidth}×${window.innerHeight}×${element.clientWidth}`;
    if (key !== this.key) [this.key, this.below] = [key, 10];
    const box = scroller(element), over = box.scrollHeight - box.clientHeight;
    if (over > 0 && this.below < 160) this.below += Math.min(over, 60);
  }
}

function scrolled(node) {
  let sum = window.scrollY;
  for (let up = node.parentNode; up; up = up.parentNode ?? up.host)
    if (up !== document.documentElement && up !== document.body) sum += up.scrollTop ?? 0;
  return sum;
}

/** The right edge of the page's text: of the widest of the stage's ancestors that does not fill the window. */
function pageRight(node) {
  let right = node.getBoundingClientRect().right;
  for (let up = node.parentNode; up; up = up.parentNode ?? up.host) {
    if (up.nodeType !== Node.ELEMENT_NODE) continue;
    const style = getComputedStyle(up), edge = up.getBoundingClientRect().right - parseFloat(style.paddingRight);
    if (/auto|scroll/.test(style.overflowY)) break;
    right = Math.max(right, edge);
  }
  return right;
}

/** Whether it would lie over one of the page's links, or run out of the window. */
function covers(bar) {
  if (bar.left < 0) return true;
  return [...document.links].some((link) => {
    const { left, right, top, bottom } = link.getBoundingClientRect();
    return right > left && bottom > bar.top && top < bar.bottom && right > bar.left - 12 && left < bar.right;
  });
}

function scroller(node) {
  for (let up = node.parentNode; up; up = up.parentNode ?? up.host)
    if (up.nodeType === Node.ELEMENT_NODE && /auto|scroll/.test(getComputedStyle(up).overflowY)) return up;
  return document.documentElement;
}
