/**
 * What was changed, what was reported, what can be undone. Nothing is sent while a hand moves: a change is pending until
 * release, or until a quarter of a second after the last key; then it is one report and one entry to undo.
 */
import { same } from "./scene.js";

const PAUSE = 250;
const DEPTH = 100;
const COMMANDS = 16;

export class Ledger {
  constructor(stage) {
    this.stage = stage;
    this.seq = 0;
    this.commands = [];
    this.since = performance.timeOrigin + performance.now();
    this.done = [];
    this.undone = [];
    this.pending = null;
  }

  /** New values came from Python: what was pending is void, and undo leads back across them. */
  adopt(values, continues) {
    this.#forget();
    if (continues) this.remember();
    else this.done = [];
    this.reported = structuredClone(values);
  }

  /** A change begins; the values before it are kept until it is reported. */
  open() {
    this.pending ??= this.stage.scene.snapshot();
  }

  commitSoon(event) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.commitNow(event), PAUSE);
    this.timerEvent = event;
  }

  commitNow(event) {
    if (!this.pending || this.stage.drag || this.stage.motion.playing) return;
    this.remember(this.pending);
    const kind = event ?? this.timerEvent ?? "key";
    this.#forget();
    this.report(this.stage.scene.snapshot(), kind);
    this.stage.request();
  }

  #forget() {
    clearTimeout(this.timer);
    this.timer = this.timerEvent = this.pending = null;
  }

  report(values, event) {
    if (this.reported && sameValues(values, this.reported)) return;
    this.reported = structuredClone(values);
    this.#send("values", { values: this.reported, rev: this.stage.rev, seq: ++this.seq, event });
  }

  /** Python begins anew, with these values: it hears of others now, or when the hand on them lets go. */
  tellAgain(values) {
    this.reported = structuredClone(values);
    if (!this.stage.drag && !this.pending) this.report(this.stage.scene.snapshot(), "again");
  }

  command(name) {
    this.commitNow();
    if (name === "present" && this.#loadsAnew()) return;
    this.commands = [...this.commands, [++this.seq, name]].slice(-COMMANDS);
    // Of reports that come faster than a script runs Python hears the last alone: it also says the ones before.
    this.#send("command", { name, rev: this.stage.rev, seq: this.seq, since: this.since, all: this.commands });
  }

  /** A projector wants the light theme. Streamlit takes it from the address when a page loads, so the page is loaded. */
  #loadsAnew() {
    const { data, style } = this.stage;
    const url = new URL(location.href), asked = url.searchParams.get("embed_options") === "light_theme";
    if (!url.protocol.startsWith("http") || (data.present ? !asked : !style?.dark)) return false;
    for (const [key, value] of [["present", "1"], ["embed_options", "light_theme"]])
      if (data.present) url.searchParams.delete(key);
      else url.searchParams.set(key, value);
    location.assign(url);
    return true;
  }

  #send(state, value) {
    this.stage.component?.setStateValue?.(state, value);
  }

  remember(values = this.stage.scene.snapshot()) {
    const last = this.done[this.done.length - 1];
    if (last && sameValues(last, values)) return;
    this.done.push(structuredClone(values));
    if (this.done.length > DEPTH) this.done.shift();
    this.undone = [];
  }

  /** The state to go back to (or forward again), or null. */
  step(again) {
    const [from, to] = again ? [this.undone, this.done] : [this.done, this.undone];
    const now = this.stage.scene.snapshot();
    let target = from.pop();
    while (target && sameValues(target, now)) target = from.pop();
    if (target) to.push(now);
    return target ?? null;
  }

  leave() {
    clearTimeout(this.timer);
  }
}

function sameValues(a, b) {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => same(a[name], b[name]));
}
