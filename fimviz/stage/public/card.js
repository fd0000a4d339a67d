/** The prediction: a question about the next state, a choice, and then the state itself. */
import { el, setText } from "./dom.js";

export class Prediction {
  constructor(stage) {
    this.stage = stage;
    this.title = el("p", { class: "fv-predict-title" });
    this.question = el("span", { class: "fv-question" });
    this.options = el("span", { class: "fv-options", role: "group" });
    this.verdict = el("span", { class: "fv-verdict", "aria-live": "polite" });
    this.show = el("button", { type: "button", class: "fv-option fv-show", onclick: () => this.#then() });
    const body = el("p", { class: "fv-predict-body" }, this.question, " ", this.options, this.verdict, " ", this.show);
    this.element = el("section", { class: "fv-predict" }, this.title, body);
    this.chosen = null;
  }

  adopt(given, words) {
    this.given = given ?? null;
    this.words = words;
    this.element.hidden = !given;
    if (!given) return;
    const text = JSON.stringify([given.question, given.options, given.key]);
    if (text !== this.text) {
      this.text = text;
      this.chosen = null;
      this.element.style.minHeight = "";
      this.options.replaceChildren(...(given.options ?? []).map((option, i) => this.#button(option, i)));
    }
    setText(this.title, words("predict"));
    setText(this.question, given.question ?? "");
    this.options.setAttribute("aria-label", given.question ?? "");
    setText(this.show, given.again ?? words("show_it"));
    this.refresh();
  }

  #button(option, index) {
    return el("button", { type: "button", class: "fv-option", text: option, onclick: () => this.#choose(index) });
  }

  #choose(index) {
    // The answer is often shorter than the question; what stands below stays where it is.
    this.element.style.minHeight = `${this.element.offsetHeight}px`;
    this.chosen = index;
    this.refresh();
    if (this.given.then) this.show.focus({ preventScroll: true });
  }

  #then() {
    this.stage.patch(this.given.then, "predict");
  }

  refresh() {
    const { given, words, chosen } = this;
    const answered = chosen !== null;
    this.options.hidden = answered;
    this.show.hidden = !answered || !given.then;
    this.question.hidden = answered;
    if (!answered) return void setText(this.verdict, "");
    const verdict = given.answer == null ? "" : words(chosen === given.answer ? "right" : "wrong");
    const said = words("your_answer", { answer: given.options[chosen] });
    setText(this.verdict, [said, verdict, given.reveal].filter(Boolean).join(" "));
  }
}
