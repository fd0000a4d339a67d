/**
 * What moves without a hand on it: values travelling to a new state, the sweep along a path, and the one small nudge on
 * the first visit. Nothing starts by itself but the nudge, and with reduced motion everything jumps.
 */
import { memory, reducedMotion } from "./dom.js";
import { Travel } from "./travel.js";

export class Motion {
  constructor(stage) {
    this.stage = stage;
    this.travel = null;
    this.playing = null;
    this.nudging = null;
  }

  get busy() {
    return Boolean(this.travel || this.playing);
  }

  #milliseconds(name, usual) {
    return this.stage.data?.tokens?.motion?.[name] ?? usual;
  }

  /** Make `values` the state, in a quarter of a second or at once. */
  travelTo(values) {
    const { scene } = this.stage;
    for (const name of Object.keys(scene.values)) if (!(name in values)) scene.drop(name);
    const ms = reducedMotion() ? 0 : this.#milliseconds("change_ms", 250);
    this.travel = ms ? new Travel(scene, values, ms) : null;
    if (!this.travel) scene.setAll(values);
    this.stage.request();
  }

  /** The end of a travel, at once: a hand or a key does not wait for it. */
  arrive() {
    const { scene } = this.stage;
    if (this.travel) scene.setAll({ ...scene.values, ...this.travel.target });
    this.travel = null;
  }

  /** A hand took over. */
  stop() {
    this.arrive();
    this.playing = this.nudging = null;
  }

  advance(now) {
    if (this.travel) this.#travelOn(now);
    if (this.playing) this.#playOn(now);
    if (this.travel || this.playing || this.nudging) this.stage.request();
  }

  #travelOn(now) {
    const { scene, views } = this.stage;
    const { values, over } = this.travel.at(now);
    for (const [name, value] of Object.entries(values)) scene.set(name, value);
    if (!over) return;
    this.travel = null;
    // Labels choose their places anew: the same state gives the same picture.
    for (const view of views) view.memory.clear();
  }

  togglePlay() {
    const { stage } = this, name = stage.data?.scrubber?.value;
    if (!name || stage.drag) return;
    if (this.playing) return void this.#stopPlaying();
    this.arrive();
    stage.ledger.open();
    if (reducedMotion()) {
      stage.scene.set(name, 1);
      return void this.#stopPlaying();
    }
    const now = stage.scene.number(name, 0);
    this.playing = { name, from: now >= 1 ? 0 : now, begun: null };
    stage.request();
  }

  /** t is Fisher time, so a steady t is a constant Fisher speed. */
  #playOn(now) {
    const { playing } = this;
    playing.begun ??= now;
    const t = Math.min(1, playing.from + (now - playing.begun) / this.#milliseconds("sweep_ms", 2400));
    this.stage.scene.set(playing.name, t);
    if (t >= 1) this.#stopPlaying();
  }

  #stopPlaying() {
    this.playing = null;
    this.stage.ledger.commitNow("play");
    this.stage.request();
  }

  /** One small movement on the first visit says "this can be dragged"; never again after the first drag. */
  nudgeOnce() {
    const { views, data } = this.stage;
    const handle = views.flatMap((view) => view.pen?.handles ?? [])[0];
    if (!handle || reducedMotion() || memory.get("dragged") || data?.nudge === false || window.top !== window) return;
    memory.set("dragged", "shown");
    this.nudging = { value: handle.mark.value, begun: performance.now() };
    this.stage.request();
  }

  /** {value, shift in pixels} while the nudge lasts, else null. */
  nudge(now) {
    if (!this.nudging) return null;
    const s = (now - this.nudging.begun) / this.#milliseconds("nudge_ms", 600);
    const { value } = this.nudging;
    if (s >= 1) this.nudging = null;
    return s >= 1 ? null : { value, shift: 6 * Math.sin(2 * Math.PI * s) * (1 - s) };
  }
}
