import type { Schemas } from '../../shared/api';

/** What an adjudicator may say, in words. */
export const VERDICTS: Record<Schemas['Judgement'], string> = {
  ai_right: 'AI was right',
  human_right: 'the report was right',
  undecidable: 'it cannot be decided',
};
