/*
 * catalog -- the flat file that lists the letters of a maildrop: a head and
 * rows of one fixed size, so that row number i is found without reading any
 * other.  The mailbox helper writes it; pop3d reads the rows of its login
 * through a descriptor.  Rows are only ever added behind the last: a reader who
 * noted the count at his login sees the same rows for ever.
 *
 * Head and rows carry sums, and a row's sum covers its number.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include "mailbox.h"

#include <stddef.h>
#include <stdint.h>

/* Where the rows begin. */
#define CATALOG_HEAD 512
/* Octets of a row: multiples of CATALOG_STEP between the two. */
#define CATALOG_ROW_MIN 128
#define CATALOG_ROW_MAX 384
#define CATALOG_STEP	64

/* A folder as it was: another file, or another time, and it has changed. */
struct catalog_stamp {
	uint64_t inode;	 /* 0: there is none */
	int64_t changed; /* its status change time, wall ns */
};

struct catalog_head {
	char magic[8];
	uint64_t sum;
	uint32_t row; /* octets */
	uint32_t count;
	uint64_t octets; /* of all letters, as sent */
	uint64_t size;	 /* of all letters, as stored */
	uint64_t boot;	 /* the machine's run in which it was written */
	struct catalog_stamp folders[2]; /* new/ and cur/, as listed here */
	uint8_t box[32];		 /* whose it is */
};

/* Octets that a row needs for this letter. */
uint32_t catalog_need(const struct mailbox_letter *l);

/*
 * Writes the row with this number (from 0) for a letter: size octets.  0, or -1
 * where it needs more, or where the letter's texts are none (file "new/..." or
 * "cur/...", uidl 1 to 70 characters 0x21 to 0x7E).
 */
int catalog_put(
    void *row, uint32_t size, uint32_t number, const struct mailbox_letter *l);

/* Reads a row: 0, or -1 where it is damaged. */
int catalog_get(
    const void *row, uint32_t size, uint32_t number, struct mailbox_letter *l);

/* Reads the octets of a row alone, likewise: its texts are not looked at. */
int catalog_octets(
    const void *row, uint32_t size, uint32_t number, uint64_t *octets);

/* Reads the UIDL of a row alone, likewise: borrowed, *length octets without a
 * NUL behind them; NULL where the row is damaged. */
const char *
catalog_uidl(const void *row, uint32_t size, uint32_t number, size_t *length);

/* The file of a row that catalog_get has read. */
const char *catalog_file(const void *row);

/* Reads row number of a file: 0, or -1 where it is damaged or unreadable. */
int
catalog_read(int fd, uint32_t size, uint32_t number, struct mailbox_letter *l);

/* Whether size may be that of rows. */
int catalog_is_row(uint32_t size);

/* Where row number lies in the file. */
int64_t catalog_offset(uint32_t size, uint32_t number);

/*
 * Reads count octets, or what there is, at an offset.  The number of octets
 * read, or -1 with errno.
 */
int64_t catalog_load(int fd, void *to, size_t count, int64_t offset);

/* Writes all of it at an offset: 0, or -1 with errno. */
int catalog_store(int fd, const void *from, size_t count, int64_t offset);

/* Fills in the head's magic and sum. */
void catalog_seal(struct catalog_head *head);

/* Whether a head is whole. */
int catalog_is_whole(const struct catalog_head *head);

#endif
