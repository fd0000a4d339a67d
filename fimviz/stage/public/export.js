/** The figure as one SVG: every panel where it stands on the page, its sentence as description, its state as metadata. */
import { escape } from "./painter.js";

export function figureSVG(stage) {
  const { style, views, scene } = stage;
  const shown = views.filter((view) => view.width && view.pen);
  const origin = stage.element.getBoundingClientRect();
  const places = shown.map((view) => {
    const rect = view.element.getBoundingClientRect();
    return { view, x: rect.left - origin.left, y: rect.top - origin.top };
  });
  const top = Math.min(0, ...places.map((p) => p.y)), width = Math.max(1, ...places.map((p) => p.x + p.view.width));
  const height = Math.max(1, ...places.map((p) => p.y + p.view.height - top));
  const groups = places.map(({ view, x, y }, i) => `<g transform="translate(${x.toFixed(1)} ${(y - top).toFixed(1)})">${view.svg(style, `p${i}`)}</g>`);
  const sentence = scene.fill(stage.data.sentence ?? "");
  const state = JSON.stringify({ family: stage.data.family, values: scene.values, link: location.href });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escape(stage.data.title ?? sentence)}</title><desc>${escape(sentence)}</desc><metadata>${escape(state)}</metadata>`,
    `<rect width="${width}" height="${height}" fill="${style.colour("page")}"/>`,
    ...groups,
    "</svg>",
  ].join("\n");
}

export function saveFile(text, name, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
