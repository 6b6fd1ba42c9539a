/*
 * output -- what mailctl prints: lines for people, or JSON (--json).
 *
 * A list of things is an array of objects, one thing is one object:
 *
 *	output_begin(1);
 *	output_next();
 *	output_text("name", name);
 *	output_end();
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdint.h>

/* Whether JSON is wanted: then nothing else may go to standard output. */
extern int output_json;

/* Begins and ends the whole: a list, or one thing.  Nothing without JSON, as
 * all that follows.  What fails in the middle is not ended, but left to
 * output_finish. */
void output_begin(int is_list);
void output_end(void);

/* Begins the next thing of a list, or the only one. */
void output_next(void);

/*
 * The last call: standard output has one value then, whatever happened.  What
 * was not ended gets the members done and errors: the thing that was begun, one
 * more thing of a list that has some, or else an object of its own.
 * next: as output_texts has it.
 */
void output_finish(int is_done, const char *(*next)(void));

/* A member of the thing that was begun.  Texts are UTF-8; octets that are not,
 * and control characters, are escaped.  NULL is null. */
void output_text(const char *key, const char *value);
void output_number(const char *key, uint64_t value);
void output_truth(const char *key, int value);

/* Begins a member whose value the caller prints. */
void output_key(const char *key);

/* What JSON has no number for, which is not finite, is null. */
void output_real(const char *key, double value);

/* For people: text that others have chosen, with a question mark for each
 * character that a terminal would obey, and for what is no UTF-8. */
void output_plain(const char *text);

/* A member that is an array of texts, of which next gives one after the other,
 * and NULL at the end. */
void output_texts(const char *key, const char *(*next)(void));

/* A member that is an array of texts, which stand in value between commas and
 * blanks. */
void output_words(const char *key, const char *value);

#endif
