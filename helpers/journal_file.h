/*
 * journal_file -- the format of the journal's two files, and how one is read.
 */
#ifndef JOURNAL_FILE_H
#define JOURNAL_FILE_H

#include "journal.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define JOURNAL_MAGIC UINT64_C(0x31676e69725f676f)
/* Where entries begin. */
#define JOURNAL_START 4096
#define JOURNAL_ALIGN 16
#define JOURNAL_BOOT  40

/* Types of the journal's own entries; they hold one u64. */
#define JOURNAL_PLACED	0x10000 /* a sequence number: settled up to it */
#define JOURNAL_DURABLE 0x10001 /* an epoch: files up to it are free */

struct journal_header {
	uint64_t magic;
	uint64_t epoch;	  /* the later file has the higher one */
	uint64_t durable; /* files up to this epoch were free at that time */
	uint64_t secret;  /* stands in each entry */
	char boot[JOURNAL_BOOT];
	uint64_t checksum;
};

/* Followed by length octets, and zeros up to JOURNAL_ALIGN. */
struct journal_entry {
	uint64_t secret;
	uint64_t sequence; /* from 1 in each file */
	uint64_t batch;	   /* sequence of the first entry of its batch */
	uint32_t type;
	uint32_t length;
	uint64_t checksum;
	uint64_t zero;
};

/* One file as it was read. */
struct journal_file {
	struct journal_header header; /* epoch 0: nothing in it */
	unsigned char *data;	      /* the whole file */
	size_t size;
	size_t *entries; /* where whole entries begin */
	size_t count;
	uint64_t placed;  /* settled up to this sequence number */
	uint64_t durable; /* highest of JOURNAL_DURABLE and the header */
};

/* A checksum on its way: of the same octets however they are cut. */
struct journal_sum {
	uint64_t sum, word;
	unsigned held; /* octets in word */
};

/* Begins with the head of an entry; its data is added next. */
void journal_sum_head(struct journal_sum *s, const struct journal_entry *e);
void journal_sum_add(struct journal_sum *s, const void *data, size_t length);
uint64_t journal_sum_end(const struct journal_sum *s);

uint64_t journal_header_checksum(const struct journal_header *h);

/* Opens one, or makes an empty one; the descriptor, or -1 with errno. */
int journal_file_open(int dir, const char *name, size_t *size);

/*
 * Makes it size octets, each of them written once; what it held is lost unless
 * it has that size already.  Returns 0, or -1 with errno.
 */
int journal_file_lay_out(int fd, size_t size);

/* Writes n parts, one behind the other, with as few calls as may be; part is
 * changed.  0, or -1 with errno. */
int journal_file_write_parts(int fd, struct iovec *part, unsigned n, size_t at);

/* Writes all of data at an offset.  0, or -1 with errno. */
int journal_file_write(int fd, const void *data, size_t length, size_t at);

/* Removes the boot's id from a file: nothing in it counts as settled for what
 * processes wrote. */
void journal_file_doubt(int fd);

/*
 * Reads the file fd of size octets into f (zeroed by the caller), and adds to
 * findings.  Parts that the disk can't give (EIO), although it was asked for
 * some seconds, count as zeros.  Returns 0, or -1 with errno: ENOMEM, or any
 * other error of reading; the file is whole then.  Either way
 * journal_file_free.
 */
int journal_file_read(struct journal_file *f, int fd, size_t size,
    struct journal_findings *findings);
void journal_file_free(struct journal_file *f);

#endif
