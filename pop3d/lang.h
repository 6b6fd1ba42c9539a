/*
 * lang -- the languages of the texts behind +OK and -ERR (RFC 6856 3).  English
 * is the language of the source, and of every session that asked for no other.
 */
#ifndef LANG_H
#define LANG_H

enum lang { LANG_EN, LANG_DE, LANG_COUNT };

/*
 * The text that stands for an English one, with the same conversions of
 * printf(3) in the same order; the English one itself where there is none.
 */
const char *
lang_text(enum lang lang, const char *english) __attribute__((format_arg(2)));

/*
 * The language for a language range ("de", "DE-at": the parts behind a hyphen
 * are dropped until something fits, RFC 4647 3.4), or -1.
 */
int lang_find(const char *range);

/* A language's tag, and its name in itself, as UTF-8. */
const char *lang_tag(enum lang lang);
const char *lang_name(enum lang lang);

/* The tags, NULL-terminated, in the order of enum lang: choices of a conf. */
extern const char *const lang_tags[];

/* The table, for tests: pair number i, or NULL behind the last one. */
const char *const *lang_pair(unsigned i);

#endif
