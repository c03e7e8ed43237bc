import { useMutation } from '@tanstack/react-query';
import { Conflict } from '@wetread/client';
import { useState } from 'react';
import { api, changed } from '../shared/api';
import { words } from '../shared/Problem';
import { person } from '../shared/person';
import type { Row } from './words';

/** Take a study or give it back. What came of it is said in words; somebody else's change is never overwritten. */
export function useAssign(me: string): { toggle: (row: Row) => void; said: string } {
  const [said, setSaid] = useState('');
  const { mutate } = useMutation({
    mutationFn: (row: Row) =>
      api.patch('/api/v1/studies/{study_id}', {
        path: { study_id: row.study_id },
        body: { assignee: row.assignee === me ? null : me },
        ifMatch: row.etag,
      }),
    onSuccess: (told) =>
      setSaid(`${person(told.patient.name)}: ${told.assignee === me ? 'assigned to you' : 'given back'}.`),
    onError: (problem, row) =>
      setSaid(
        problem instanceof Conflict
          ? `${person(row.patient.name)} was changed meanwhile: look again, then press m once more.`
          : words(problem),
      ),
    onSettled: (_told, _problem, row) => changed(row.study_id),
  });
  return { toggle: (row) => mutate(row), said };
}
