import { api, type Schemas } from '../../shared/api';

const LONGEST_S = 180; // one simulation runs at a time, and a site's own weeks take theirs

/** A simulated queue, of this site or of what is given. */
export function simulate(asked: Partial<Schemas['QueueAsked']> & Pick<Schemas['QueueAsked'], 'source'>) {
  const sending = { body: JSON.stringify(asked), headers: { 'content-type': 'application/json' } };
  const take = (answer: Response): Promise<Schemas['QueueView']> => answer.json();
  return api.ask('POST', '/api/v1/queue', sending, take, LONGEST_S);
}
