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
 * all that follows. */
void output_begin(int is_list);
void output_end(void);

/* Begins the next thing of a list, or the only one. */
void output_next(void);

/* A member of the thing that was begun.  Texts are UTF-8; octets that are not,
 * and control characters, are escaped.  NULL is null. */
void output_text(const char *key, const char *value);
void output_number(const char *key, uint64_t value);

/* A member that is an array of texts, which stand in value between commas and
 * blanks. */
void output_words(const char *key, const char *value);

#endif
