/** Keys that work anywhere on the page, unless something is being typed. R, C and Esc belong to Streamlit. */

const COMMANDS = { PageDown: "beat+1", PageUp: "beat-1" };
const LETTERS = new Set(["p", "k", "l", "z", "?"]);
const TYPING = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]:not([contenteditable=false])";
const PRESSABLE = "button, a[href], summary, input, [role=button], [role=tab], [role=radio], [role=checkbox], [role=option], [role=combobox], dialog";

export function listen(stage, signal) {
  document.addEventListener("keydown", (event) => press(stage, event), { signal });
}

function press(stage, event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (stage.data?.keys === false || !stage.element.isConnected || stage.help.element.open) return;
  // Inside shadow roots the event's target is the host; the path begins at the element itself.
  const target = event.composedPath()[0];
  if (target?.matches?.(TYPING) || target?.isContentEditable) return;
  if (act(stage, event, target)) event.preventDefault();
}

function act(stage, event, target) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (LETTERS.has(key) && !stage.help.lettersOn) return false;
  if (key in COMMANDS) return beat(stage, COMMANDS[key]);
  if (key === " ") return target?.closest?.(PRESSABLE) ? false : beat(stage, event.shiftKey ? "beat-1" : "beat+1");
  if (/^[1-5]$/.test(key)) return command(stage, `preset${key}`);
  switch (key) {
    case "0": return command(stage, "reset");
    case "p": return command(stage, "present");
    case "k": return done(stage.motion.togglePlay());
    case "l": return done(stage.copyLink());
    case "z": return done(stage.undo(event.shiftKey));
    case "?": return done(stage.help.open());
    default: return false;
  }
}

const done = () => true;

/** A page without beats keeps its own PageDown. */
function beat(stage, name) {
  return stage.data?.beats === 0 || stage.data?.beats === null ? false : command(stage, name);
}

function command(stage, name) {
  stage.ledger.command(name);
  return true;
}
