import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schemas } from '../shared/api';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';

/** A reader's own words and what it was asked: foreign text, shown letter by letter and never run. */
export function Words({ read, onClose }: { read: Schemas['ReadView']; onClose: () => void }) {
  const raw = useQuery({
    queryKey: ['raw', read.read_id],
    queryFn: ({ signal }) => api.get('/api/v1/reads/{read_id}/raw', { path: { read_id: read.read_id }, signal }),
    gcTime: 0,
  });
  return (
    <Dialog title={`Words of ${read.reader.name}`} onClose={onClose}>
      <p className="meta">Text of a model, as it came. It may be wrong, and it is not the report.</p>
      {raw.isPending && <p role="status">Loading…</p>}
      {raw.isError && <Problem problem={raw.error} retry={() => void raw.refetch()} />}
      {raw.data && (
        <>
          <Text title="Answer" text={raw.data.original} none="This reader leaves no words: it answers in figures." />
          <Text title="Prompt" text={raw.data.prompt} none="This reader is not asked in words." />
        </>
      )}
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

function Text({ title, text, none }: { title: string; text: string | null; none: string }) {
  const [told, setTold] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text ?? '');
      setTold('copied');
    } catch {
      setTold('the browser does not let a page copy here; select the text instead');
    }
  };
  return (
    <section aria-label={title}>
      <div className="row">
        <h3>{title}</h3>
        {text && (
          <button type="button" onClick={() => void copy()} aria-label={`Copy the ${title.toLowerCase()}`}>
            Copy
          </button>
        )}
        <span role="status" className="meta">
          {told}
        </span>
      </div>
      {text ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long text scrolls by keyboard
        <pre className="compare-words" tabIndex={0} dir="auto">
          {text}
        </pre>
      ) : (
        <p className="dim">{none}</p>
      )}
    </section>
  );
}
