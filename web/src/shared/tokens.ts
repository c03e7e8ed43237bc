/** The pages' colours, in one place: `tokens.css` is written from here and tests hold every pair's contrast. */

export const COLOURS = {
  background: '#0b0e12',
  surface: '#141920',
  raised: '#1c232c',
  text: '#e8edf2',
  secondary: '#aab4c0',
  link: '#5aa9e6',
  focus: '#ffd166',
  selected: '#17324a',
  border: '#6f7c8b',
  line: '#2a333e',
  overdue: '#ff8a8a',
  good: '#4cc38a',
  warning: '#ffb000',
  notice: '#4a2b00',
  'on-notice': '#ffd9a0',
  pressed: '#1d4e73',
} as const;

/** How a priority looks: colour, shape and word, never colour alone. Words come from the site's policy. */
export const URGENCY = {
  P1: { background: '#c62828', text: '#ffffff', shape: '▲', word: 'critical' },
  P2: { background: '#ffb000', text: '#1a1300', shape: '◆', word: 'urgent' },
  P3: { background: '#7a4d00', text: '#ffffff', shape: '◇', word: 'expedited' },
  P4: { background: '#2f6690', text: '#ffffff', shape: '●', word: 'routine' },
  P5: { background: '#2a4a63', text: '#ffffff', shape: '▪', word: 'minimal' },
  UNREAD: { background: '#3a434f', text: '#e8edf2', shape: '⊘', word: 'AI did not read this' },
  pending: { background: '#3a434f', text: '#e8edf2', shape: '○', word: 'pending' },
} as const;

/** Pairs that stand on each other on some page: text needs 4.5:1, borders and marks 3:1 (WCAG 2.2, 1.4.3 and 1.4.11). */
export const PAIRS: readonly (readonly [front: string, behind: string, least: number])[] = [
  ...(['background', 'surface', 'raised', 'selected'] as const).flatMap((behind) => [
    [COLOURS.text, COLOURS[behind], 4.5] as const,
    [COLOURS.secondary, COLOURS[behind], 4.5] as const,
    [COLOURS.link, COLOURS[behind], 4.5] as const,
    [COLOURS.overdue, COLOURS[behind], 4.5] as const,
    [COLOURS.focus, COLOURS[behind], 3] as const,
    [COLOURS.good, COLOURS[behind], 3] as const,
    [COLOURS.warning, COLOURS[behind], 3] as const,
  ]),
  [COLOURS.border, COLOURS.background, 3],
  [COLOURS.border, COLOURS.surface, 3],
  [COLOURS.border, COLOURS.raised, 3],
  [COLOURS['on-notice'], COLOURS.notice, 4.5],
  [COLOURS.text, COLOURS.pressed, 4.5],
  ...Object.values(URGENCY).map((one) => [one.text, one.background, 4.5] as const),
];

/** Contrast of two sRGB colours as WCAG 2.2 defines it (relative luminance), 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
