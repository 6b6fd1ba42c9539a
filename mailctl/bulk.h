/*
 * bulk -- many domains, users and aliases, read from a file: a list of rows,
 * each with the line that it stood in, whatever the file's format was.
 */
#ifndef BULK_H
#define BULK_H

#include "wire.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a row holds; texts are its own, and wiped. */
struct bulk_row {
	unsigned line;
	uint8_t kind;	/* enum wire_import_kind */
	uint8_t fields; /* enum wire_import_fields: what is set of these */
	uint8_t way;	/* enum wire_import_way */
	uint8_t own;	/* a quota of its own */
	uint64_t octets, messages;
	uint32_t uid, gid;
	char *name, *secret, *path;
	char **list; /* of an alias: targets, else senders */
	uint32_t count;
};

/* How a file is to be read. */
struct bulk_options {
	const char *domain; /* behind names without one; NULL: they are wrong */
	int is_system;	    /* uid, gid and home count */
	int is_lax;	    /* fields that have no place here are passed over */
};

struct bulk {
	const char *file; /* its name, borrowed */
	struct bulk_options options;
	struct bulk_row *rows;
	size_t count, room;
	size_t wrong;	/* lines that were complained of */
	size_t skipped; /* fields that were passed over */
};

/* Another row, all zero but its kind and line; NULL after a line on standard
 * error where there is no memory. */
struct bulk_row *bulk_add(struct bulk *b, uint8_t kind, unsigned line);

/* Takes the last row back: it was wrong. */
void bulk_drop(struct bulk *b);

/* Says "FILE:LINE: ..." on standard error, the first times, and counts. */
void bulk_complain(struct bulk *b, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies the text; NULL after a line on standard error. */
char *bulk_copy(const char *text);

/*
 * The name of a row, with the domain of the options behind it where it has
 * none.  0, or -1 after a complaint.
 */
int bulk_set_name(struct bulk *b, struct bulk_row *row, const char *name);

/* Adds to the row's list; a name without a domain likewise.  0 or -1. */
int bulk_add_item(struct bulk *b, struct bulk_row *row, const char *item);

/* All that stand between commas and blanks in text, which is cut.  0 or -1. */
int bulk_add_items(struct bulk *b, struct bulk_row *row, char *text);

/*
 * A password as files have it: {SCHEME}TEXT as Dovecot writes it, a hash of
 * crypt(5), {PLAIN}TEXT, {PAM}, or "" for none.  0, or -1 after a complaint.
 */
int bulk_set_password(struct bulk *b, struct bulk_row *row, const char *text);

/* "", "default", or as quota_parse reads it.  0, or -1 after a complaint. */
int bulk_set_quota(struct bulk *b, struct bulk_row *row, const char *text);

/* Wipes and frees all rows. */
void bulk_free(struct bulk *b);

/*
 * The formats: each reads the whole file into rows; what is wrong with lines
 * was complained of and counted.  0, or -1 where it makes no sense to go on.
 */
int bulk_read_csv(struct bulk *b, FILE *file, uint8_t kind);
int bulk_read_passwd(struct bulk *b, FILE *file);
int bulk_read_list(struct bulk *b, FILE *file); /* of domains */
/* Postfix's aliases(5) and virtual(5). */
int bulk_read_aliases(struct bulk *b, FILE *file);
int bulk_read_virtual(struct bulk *b, FILE *file);

#endif
