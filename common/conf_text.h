/*
 * conf_text -- the files that make up a program's conf: the one that it was
 * given, and those that are included.
 *
 * What a file includes is applied before it, so that a file overrides what it
 * includes.  A file that several programs share may have parts for some of them
 * alone:
 *
 *	log { level = "info" }
 *	smtpd, pop3d {
 *		hostname = "mx.example.org"
 *	}
 *
 * Such a part reads for those as if its head and its braces were not there, and
 * is blank for others.
 */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

#include <stddef.h>

#define CONF_TEXT_FILES 32 /* in all */
#define CONF_TEXT_DEPTH 8  /* of files that include files */

struct conf_text {
	char *path;
	char *text; /* as conf_scan leaves it, with its lines where they were */
};

struct conf_texts {
	size_t count;
	struct conf_text items[CONF_TEXT_FILES];
};

/* The programs that may have parts; ends with NULL. */
extern const char *const conf_text_programs[];

/*
 * Reads the file at path and what it includes for program (NULL: parts mean
 * nothing) into *t, in the order in which they apply; a path that is not
 * absolute begins at the folder of the file that includes it.  0, or -1 with
 * "FILE:LINE: what is wrong" in error[size]; conf_text_free in both cases.
 */
int conf_text_read(struct conf_texts *t, const char *path, const char *program,
    char *error, size_t size);

void conf_text_free(struct conf_texts *t);

/* Blanks what is not for program in text, which conf_scan has read.  Exported
 * for tests. */
void conf_text_parts(char *text, const char *program);

#endif
