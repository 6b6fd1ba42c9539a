/*
 * index -- what lies in a mailbox, without reading its folders: a catalog
 * (catalog.h) for each, kept by the mailbox process.
 *
 * It is a cache.  It holds for as long as the inodes and change times of new/
 * and cur/ are those that it has noted, the machine has not started anew, and
 * its sums are right; else the folders are read again (index_build.h).  What
 * this process does in a Maildir, it adds to the index and notes the times
 * which that caused.  A time younger than two seconds that somebody else has
 * caused is not noted: more may happen within the same tick.  A crash between
 * the change and the note leaves a note that does not fit.
 *
 * UIDLs that don't follow from names are not only here: uidl.h.
 *
 * One thread uses it.
 */
#ifndef INDEX_H
#define INDEX_H

#include "catalog.h"
#include "index_file.h"
#include "owner.h"

#include <stdint.h>

/* Below the state folder of the mailbox process, which is there.  boot is the
 * machine's boot id.  Once.  0, or -1 with errno. */
int index_setup(const char *folder, const char *boot);

/* The letters at a login. */
struct index_view {
	int fd; /* of a catalog, read only; the caller's */
	uint32_t row, count;
	uint64_t octets, size;
};

/*
 * Opens the index of a mailbox, made anew where that is needed: then others get
 * their turn meanwhile.  The caller sees to it that nobody else does so for the
 * same mailbox.  The process acts as itself before and after.  0, or -1 with
 * errno.
 */
int index_open(const struct owner *o, struct index_view *v);

/* What an index is found to be. */
enum index_state { INDEX_FITS, INDEX_OLD, INDEX_DAMAGED, INDEX_MISSING };

/*
 * As index_open where the index fits, with its head; else says why not, and
 * makes none.  INDEX_OLD: it is whole, and fd and head are there as well; the
 * Maildir has changed.  -1 with errno.
 */
int index_look(const struct owner *o, int *fd, struct catalog_head *head);

/* Its letters are to be read anew at the next index_open. */
void index_forget(const struct owner *o);

/*
 * It fits no more: as index_forget, but what is whole of it is carried over.
 */
void index_spoil(const struct owner *o);

/*
 * A letter is about to be linked into new/, of which folder is a descriptor.
 * What index_add takes afterwards, without any wait between.  The process may
 * act as itself when this returns.
 */
struct index_slot *index_expect(const struct owner *o, int folder);

/* The letter was linked: adds it where the index fitted before.  No rights are
 * needed. */
void index_add(struct index_slot *slot, int folder, const char *name);

/* As index_spoil, if it fits. */
void index_doubt(const struct owner *o);

/*
 * Files of letters that it lists no more are about to be removed from both
 * folders.  What index_removed takes afterwards, without any wait between; NULL
 * where it still lists them, and fits no more.  The process acts as itself when
 * either returns.
 */
struct index_slot *index_expect_removal(const struct owner *o);
void index_removed(struct index_slot *slot, const struct owner *o);

/* Letters that are to be removed from a mailbox; begins as zeroes. */
struct index_removal {
	uint64_t *bases; /* hashes of their base names */
	size_t count, room;
	int is_unknown; /* there was no memory for some */
};

void index_removal_add(
    struct index_removal *r, const char *const *files, unsigned n);

/*
 * Takes them out of the index, and frees r; others get their turn meanwhile.
 * Whether it lists them no more, and fits: else the next login has it made
 * anew.  The process acts as itself before and after.
 */
int index_removal_finish(struct index_removal *r, const struct owner *o);

/* For index_build and index_removal. */

/* The state of both folders, {0, 0} for one that is not there; 0 or -1. */
int index_stamp(const struct owner *o, struct catalog_stamp folders[2]);

/* Notes in head what can be relied on of folders, which were so before and
 * after they were read; completes and writes it. */
int index_note(const struct owner *o, int fd, struct catalog_head *head,
    const struct catalog_stamp folders[2]);

/* Gives the file to the mailbox as its index; fd is taken. */
int
index_publish(const struct owner *o, int fd, const struct catalog_head *head);

/* A hash of a name's base. */
uint64_t index_hash(const char *name);

#endif
