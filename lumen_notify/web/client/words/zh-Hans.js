// Words: what the bell, the chat and the page say, by key. `_one` and `_other` are plural forms.

export const words = {
};
