import type { Schemas } from '../../shared/api';

type Verdict = Schemas['Judgement'];

/** What an adjudicator may say, in words. */
export const VERDICTS: Record<Verdict, string> = {
  ai_right: 'AI was right',
  human_right: 'the report was right',
  both_right: 'both are right',
  both_wrong: 'both are wrong',
  undecidable: 'it cannot be decided',
};

/** The verdicts that answer a question of this kind. */
export function verdictsOn(kind: Schemas['Kind']): Verdict[] {
  return kind === 'agreed' ? ['both_right', 'both_wrong', 'undecidable'] : ['ai_right', 'human_right', 'undecidable'];
}
