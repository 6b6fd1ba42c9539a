/*
 * worked -- how far long work on a mailbox is, for the administrator who waits:
 * two numbers in a file that came with his request (docs/helpers.md).
 */
#ifndef WORKED_H
#define WORKED_H

#include <stddef.h>
#include <stdint.h>

struct worked {
	struct worked *next;
	const char *path; /* of the Maildir, borrowed */
	int fd;
	uint32_t total, done; /* letters; 0: it can't be told */
};

/*
 * From now on, to worked_ignore, what is done in this Maildir is told by
 * *w, which is the caller's.  Takes fd, -1 for none.
 */
void worked_watch(struct worked *w, const char *path, int fd);

/* Closes the descriptor. */
void worked_ignore(struct worked *w);

/* Work on so many letters begins: who watches that Maildir, or NULL. */
struct worked *worked_begin(const char *path, size_t total);

/* One of them is done (NULL: nobody wants to know); after the last, what else
 * there is to do can't be told. */
void worked_step(struct worked *w);

#endif
