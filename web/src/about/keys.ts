/** The keys that are used most, for the about page; each page's own list behind `?` is the full one. */
export const KEYS: readonly { where: string; keys: string; does: string }[] = [
  { where: 'Worklist', keys: 'j k', does: 'next study, the one before' },
  { where: 'Worklist', keys: 'Enter', does: 'open the study' },
  { where: 'Worklist', keys: 'w', does: 'why the study stands where it stands' },
  { where: 'Reader', keys: 'n b', does: 'next finding, the one before' },
  { where: 'Reader', keys: 'a e x', does: 'accept, edit, reject the finding' },
  { where: 'Reader', keys: 'w p z l', does: 'window, pan, zoom, measure' },
  { where: 'Reader', keys: 'i r', does: 'invert, reset the picture' },
  { where: 'Reader', keys: 'o h', does: 'hide every overlay; heat map' },
  { where: 'Reader', keys: '1 … 6', does: 'window presets' },
  { where: 'Reader', keys: 'Ctrl+Enter', does: 'sign, once every finding is decided' },
  { where: 'Reader', keys: 'Shift+N', does: 'next study of the list' },
];
