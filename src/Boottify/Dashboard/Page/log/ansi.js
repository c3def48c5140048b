// Terminal output made safe and readable: colours become class names, everything else that steers a terminal is dropped.
const ESCAPES = /\u001b(?:\[([0-9;:]*)m|\[[0-?]*[ -\/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -\/]*[0-~])|\u009b[0-?]*[ -\/]*[@-~]/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
// Characters that turn the reading direction can make a line say what it does not.
const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Splits a line into runs of one look.
 * @returns [{ text, look }] where look is a space-separated list of class names, perhaps empty
 */
export function runsOf(line) {
  const text = lastWritten(line);
  if (!text.includes('\u001b') && !text.includes('\u009b')) return [{ text: clean(text), look: '' }];
  const runs = [];
  const style = { fore: '', back: '', marks: new Set() };
  let from = 0;
  const add = piece => { if (piece) runs.push({ text: piece, look: lookOf(style) }); };
  for (const match of text.matchAll(ESCAPES)) {
    add(clean(text.slice(from, match.index)));
    from = match.index + match[0].length;
    if (match[1] !== undefined) apply(style, match[1].split(/[;:]/).map(Number));
  }
  add(clean(text.slice(from)));
  return runs;
}

export const plainOf = line => runsOf(line).map(run => run.text).join('');

/** A carriage return overwrites what stood before it: progress bars show their last state. */
function lastWritten(line) {
  const whole = line.replace(/\r+$/, '');
  return whole.slice(whole.lastIndexOf('\r') + 1);
}

const clean = text => text.replace(CONTROLS, '').replace(TURNS, '\ufffd').replaceAll('\t', '    ');

const lookOf = ({ fore, back, marks }) => [fore, back, ...marks].filter(Boolean).join(' ');

const MARKS = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 7: 'inverse', 9: 'strike' };
const UNMARKS = { 22: ['bold', 'dim'], 23: ['italic'], 24: ['underline'], 27: ['inverse'], 29: ['strike'] };

function apply(style, codes) {
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) Object.assign(style, { fore: '', back: '', marks: new Set() });
    else if (MARKS[code]) style.marks.add(MARKS[code]);
    else if (UNMARKS[code]) UNMARKS[code].forEach(mark => style.marks.delete(mark));
    else if (code >= 30 && code <= 37) style.fore = `fg${code - 30}`;
    else if (code >= 90 && code <= 97) style.fore = `fg${code - 82}`;
    else if (code >= 40 && code <= 47) style.back = `bg${code - 40}`;
    else if (code >= 100 && code <= 107) style.back = `bg${code - 92}`;
    else if (code === 39) style.fore = '';
    else if (code === 49) style.back = '';
    else if (code === 38 || code === 48) {
      const rich = codes[i + 1] === 5 ? [nearestOf256(codes[i + 2]), 2] : [nearest(codes[i + 2], codes[i + 3], codes[i + 4]), 4];
      style[code === 38 ? 'fore' : 'back'] = `${code === 38 ? 'fg' : 'bg'}${rich[0]}`;
      i += rich[1];
    }
  }
}

// Rich colours are brought down to the theme's sixteen, which are legible on both backgrounds; a program cannot know ours.
function nearestOf256(code) {
  if (code < 16) return code;
  if (code >= 232) return code < 244 ? 8 : 7;
  const cube = code - 16;
  return nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51);
}

function nearest(red = 0, green = 0, blue = 0) {
  const strongest = Math.max(red, green, blue);
  if (strongest < 64) return 8;
  const on = level => (level > strongest * 0.6 ? 1 : 0);
  return (on(red) | (on(green) << 1) | (on(blue) << 2)) + (strongest > 180 ? 8 : 0);
}
