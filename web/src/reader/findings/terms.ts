import type { Term } from '../asked';

const MOST = 12;

/** Terms whose words begin as typed, those of the study's modality first; then those that hold the words anywhere. */
export function matching(terms: readonly Term[], text: string, modalities: readonly string[]): Term[] {
  const asked = text.toLowerCase().split(/\s+/).filter(Boolean);
  const scored = terms.flatMap((term) => {
    const label = term.label.toLowerCase();
    const words = label.split(/[\s,(/-]+/);
    if (!asked.every((part) => label.includes(part))) return [];
    const begins = asked.every((part) => words.some((word) => word.startsWith(part)));
    const fits = term.modalities.some((one) => modalities.includes(one));
    return [{ term, score: (fits ? 2 : 0) + (begins ? 1 : 0) + (asked[0] && label.startsWith(asked[0]) ? 1 : 0) }];
  });
  scored.sort((a, b) => b.score - a.score || a.term.label.length - b.term.label.length);
  return scored.slice(0, MOST).map((one) => one.term);
}
