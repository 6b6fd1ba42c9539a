/*
 * conf -- blocks of name = value, read by libConfuse into a struct.
 *
 * A program describes its conf as one table; the parser, the defaults, the
 * checks and `-n` follow from it.  An unknown name, a wrong unit, a value out
 * of bounds, a setting or block that stands twice, or a missing file is an
 * error that names file, line and the nearest valid name.
 *
 *	# a comment
 *	workers = 2
 *	listen = {"127.0.0.1:25", "[::1]:25"}
 *	limits {
 *		message_size = 35M
 *	}
 *
 * Values with other signs than letters, digits and . : / - _ @ need quotes;
 * a file holds at most 1 MiB, a line 8 KiB.  It may include others, and
 * overrides them: include("log.conf").  Parts may be for one program of several
 * (conf_text.h): smtpd { ... }.
 */
#ifndef CONF_H
#define CONF_H

#include <stddef.h>
#include <stdint.h>

enum conf_kind {
	CONF_TEXT,     /* char *; owned by the conf */
	CONF_LIST,     /* struct conf_list: any number of texts */
	CONF_BOOL,     /* int: yes/no, on/off, true/false */
	CONF_NUMBER,   /* int64_t, no unit */
	CONF_SIZE,     /* int64_t octets: 10240, 64K, 35M, 2G */
	CONF_DURATION, /* int64_t ns: 500ms, 30s, 5m, 2h, 7d: never bare */
	CONF_CHOICE    /* int: index into choices */
};

struct conf_list {
	char **items;
	size_t count;
};

struct conf_setting {
	const char *block; /* NULL: at the top level */
	const char *name;
	enum conf_kind kind;
	size_t offset;	      /* of the member in the program's struct */
	const char *fallback; /* the default, as it would be written; a list's
				 is split at commas; NULL: zeroes */
	const char *minimum, *maximum; /* likewise; NULL: no bound */
	const char *const *choices;    /* CONF_CHOICE: NULL-terminated */
	int (*check)(const char *value, char *why, size_t size); /* or NULL:
		texts and each item of a list; -1 with a reason in why */
};

struct conf_spec {
	const struct conf_setting *settings; /* ends with name NULL */
	size_t size;			     /* of the program's struct */
	const char *program; /* whose parts are read; NULL: there are none */
};

/* Where a setting was set last. */
struct conf_origin {
	char *path; /* NULL: nowhere, so that it has its default */
	int line;   /* 0 for a list that was emptied */
};

/*
 * Reads the file at path into a new struct (the caller's; conf_free).  path
 * NULL: all defaults.  NULL on error, with "FILE:LINE: what is wrong" in
 * error[size].  May read files: only at the start and in a parent.
 */
void *conf_load(
    const struct conf_spec *spec, const char *path, char *error, size_t size);

/* Likewise; origins (one for each row, zeroes at first) tell where each value
 * comes from; conf_origins_free, whatever is returned. */
void *conf_load_told(const struct conf_spec *spec, const char *path,
    struct conf_origin *origins, char *error, size_t size);

/* Frees what the origins of this spec's rows hold, not the array. */
void
conf_origins_free(const struct conf_spec *spec, struct conf_origin *origins);

/* Frees the struct and all that it owns; sets *conf to NULL. */
void conf_free(const struct conf_spec *spec, void **conf);

/*
 * The text of candidates (NULL-terminated) that is nearest to text by edit
 * distance; NULL where none is near.
 */
const char *conf_nearest(const char *text, const char *const *candidates);

/* "35M" and "5m" as numbers; -1 where text is none.  Exported for tests. */
int conf_parse_size(const char *text, int64_t *octets);
int conf_parse_duration(const char *text, int64_t *ns);

#endif
