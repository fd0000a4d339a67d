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
    const panels = this.#panels("side");
    return 24 + panels.reduce((sum, panel) => sum + (rowsHeight(panel) ?? 280), 0);
  }

  #panels(area) {
    return this.stage.views.map((view) => view.panel).filter((panel) => (panel.area ?? "picture") === area);
  }

  /** The panels of an area; without any, those of the other decide. */
  #drawnIn(area) {
    const panels = this.#panels(area);
    return panels.length ? panels : this.stage.views.map((view) => view.panel);
  }

  /** Panels of the picture stand side by side, or one above the other: always ("rows"), or where it is narrow ("columns"). */
  #pictureHeight(width, stacked) {
    const { element, data, picture } = this.stage;
    const upright = data.stack === "rows" || (data.stack === "columns" && stacked);
    picture.classList.toggle("fv-upright", upright);
    const alone = element.classList.contains("fv-alone"), own = stacked || alone ? width : width * 0.61;
    const heightOf = (panel) => this.#panelHeight(panel, own, stacked, alone), heights = this.#drawnIn("picture").map(heightOf);
    for (const { panel, element } of this.stage.views)
      element.style.flexGrow = upright && (stacked || !panel.share) && panel.area !== "side" ? heightOf(panel) : panel.share > 0 ? panel.share : "";
    const usual = Math.round(upright ? heights.reduce((sum, h) => sum + h, 0) : Math.max(0, ...heights));
    if (!data.present) return usual;
    this.#learnBelow();
    const rows = element.scrollHeight - picture.offsetHeight;
    const room = window.innerHeight - this.#top() - rows - this.below;
    const shape = this.#panels("picture").some((panel) => panel.kind === "curves" || panel.kind === "ranks") ? 1 : 0.56;
    return Math.round(Math.max(220, Math.min(room, shape * width)));
  }

  #panelHeight(panel, own, stacked, alone) {
    if (panel.kind === "matrices" && stacked) return squaresHeight(panel, own, this.stage.narrow);
    if (panel.height > 0) return panel.height;
    if (panel.kind === "curves") return Math.min(stacked ? Infinity : 680, Math.max(240, rowsHeight(panel)));
    const aspect = panel.aspect ?? (stacked ? 0.72 : alone ? 0.42 : 0.585);
    // a ruler has its names above it and its numbers below it
    const least = panel.kind === "ruler" && panel.rows?.length > 2 ? 110 * panel.rows.length : this.stage.narrow ? 250 : 280;
    return Math.max(least, Math.min(stacked ? 460 : 440, own * aspect));
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

/** As many rows of squares as the width asks for, each with its title. */
function squaresHeight({ items, columns = 3 }, width, narrow) {
  const across = Math.min(items?.length ?? 1, narrow ? 2 : columns);
  return 34 + Math.ceil((items?.length ?? 1) / across) * (width / across + 18);
}

const ROW = 112; // pixels

/** What a panel of rows needs; null for others. */
function rowsHeight({ kind, rows }) {
  if (kind === "density") return Math.max(170, ROW * (rows?.length ?? 1));
  if (kind === "contours") return Math.max(260, 170 * Math.ceil((rows?.length ?? 1) / 2));
  if (kind !== "curves") return null;
  const weights = (Array.isArray(rows) ? rows : []).map((row) => (row?.weight > 0 ? row.weight : 1));
  return Math.max(170, 30 + ROW * weights.reduce((sum, weight) => sum + weight, 0));
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
