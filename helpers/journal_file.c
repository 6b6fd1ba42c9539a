#include "journal_file.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PARTS_MAX 1024 /* IOV_MAX */

enum { READ_TRIES = 5 }; /* after an error of the disk: 1.5 s in all */

/* A bijection of the sum for a given word: a changed word changes the end. */
static uint64_t
mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 29;
}

void
journal_sum_add(struct journal_sum *s, const void *data, size_t length)
{
	const unsigned char *p = data;
	uint64_t word;

	while (length > 0) {
		if (s->held == 0)
			for (; length >= 8; p += 8, length -= 8) {
				memcpy(&word, p, 8);
				s->sum = mix(s->sum, word);
			}
		if (length == 0)
			break;
		s->word |= (uint64_t)*p++ << 8 * s->held;
		length--;
		if (++s->held == 8) {
			s->sum = mix(s->sum, s->word);
			s->word = s->held = 0;
		}
	}
}

void
journal_sum_head(struct journal_sum *s, const struct journal_entry *e)
{
	struct journal_entry copy = *e;

	copy.checksum = 0;
	memset(s, 0, sizeof(*s));
	journal_sum_add(s, &copy, sizeof(copy));
}

uint64_t
journal_sum_end(const struct journal_sum *s)
{
	return mix(s->sum, s->word);
}

uint64_t
journal_header_checksum(const struct journal_header *h)
{
	struct journal_header copy = *h;
	struct journal_sum sum = {.sum = JOURNAL_MAGIC};

	copy.checksum = 0;
	journal_sum_add(&sum, &copy, sizeof(copy));
	return journal_sum_end(&sum);
}

int
journal_file_open(int dir, const char *name, size_t *size)
{
	struct stat st;
	int fd;

	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	*size = (size_t)st.st_size;
	return fd;
}

int
journal_file_write_parts(int fd, struct iovec *part, unsigned n, size_t at)
{
	ssize_t done;

	while (n > 0) {
		done = pwritev(
		    fd, part, (int)(n < PARTS_MAX ? n : PARTS_MAX), (off_t)at);
		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		at += (size_t)done;
		while (n > 0 && (size_t)done >= part->iov_len) {
			done -= (ssize_t)part->iov_len;
			part++;
			n--;
		}
		if (done > 0) {
			part->iov_base = (char *)part->iov_base + done;
			part->iov_len -= (size_t)done;
		}
	}
	return 0;
}

int
journal_file_write(int fd, const void *data, size_t length, size_t at)
{
	const char *p = data;
	ssize_t n;

	while (length > 0) {
		n = pwrite(fd, p, length, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		length -= (size_t)n;
		at += (size_t)n;
	}
	return 0;
}

int
journal_file_lay_out(int fd, size_t size)
{
	static const unsigned char zeros[65536];
	struct stat st;
	size_t at, want;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return -1;
	if ((size_t)st.st_size == size)
		return 0;
	if (ftruncate(fd, 0) == -1)
		return -1;
	for (at = 0; at < size; at += (size_t)n) {
		want = size - at < sizeof(zeros) ? size - at : sizeof(zeros);
		n = pwrite(fd, zeros, want, (off_t)at);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return -1;
	}
	return fsync(fd);
}

void
journal_file_doubt(int fd)
{
	struct journal_header h;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) ||
	    h.magic != JOURNAL_MAGIC ||
	    h.checksum != journal_header_checksum(&h))
		return;
	memset(h.boot, 0, sizeof(h.boot));
	h.checksum = journal_header_checksum(&h);
	if (pwrite(fd, &h, sizeof(h), 0) != sizeof(h))
		log_error("journal.failed", log_text("at", "mark"));
}

/* Pauses longer each time; 0 when the disk had time enough. */
static int
may_pass(unsigned *tries)
{
	struct timespec pause = {.tv_nsec = 50000000L << *tries};

	if (*tries == READ_TRIES)
		return 0;
	++*tries;
	nanosleep(&pause, NULL);
	return 1;
}

/*
 * Reads all of the file.  What the disk still can't give after a while is
 * damaged, and stays zero.  With any other error -1: nothing is wrong with the
 * file, so nothing that it holds may be given up.
 */
static int
read_all(struct journal_file *f, int fd)
{
	unsigned tries = 0;
	size_t at, want;
	ssize_t n;

	for (at = 0; at < f->size; at += (size_t)n) {
		want = f->size - at;
		n = pread(fd, f->data + at, want, (off_t)at);
		if (n == 0)
			return 0;
		if (n > 0)
			continue;
		n = 0;
		if (errno == EINTR)
			continue;
		if (errno != EIO)
			return -1;
		if (may_pass(&tries))
			continue;
		log_error("journal.unreadable", log_int("offset", (int64_t)at),
		    log_errno(EIO));
		n = want < 4096 ? (ssize_t)want : 4096;
	}
	return 0;
}

/* The entry at an offset into e, if it is whole. */
static int
whole_entry(const struct journal_file *f, size_t at, struct journal_entry *e)
{
	struct journal_sum sum;

	if (f->size - at < sizeof(*e))
		return 0;
	memcpy(e, f->data + at, sizeof(*e));
	if (e->secret != f->header.secret ||
	    e->length > f->size - at - sizeof(*e))
		return 0;
	journal_sum_head(&sum, e);
	journal_sum_add(&sum, f->data + at + sizeof(*e), e->length);
	return journal_sum_end(&sum) == e->checksum;
}

/* What the journal's own entries say. */
static void
take_note(struct journal_file *f, size_t at, const struct journal_entry *e)
{
	uint64_t value;

	if (e->length != sizeof(value))
		return;
	memcpy(&value, f->data + at + sizeof(*e), sizeof(value));
	if (e->type == JOURNAL_PLACED && value > f->placed)
		f->placed = value;
	if (e->type == JOURNAL_DURABLE && value > f->durable)
		f->durable = value;
}

/* Adds one to the list.  The list grows by doubling. */
static int
keep(struct journal_file *f, size_t at)
{
	size_t *more;

	if ((f->count & (f->count - 1)) == 0) {
		more = reallocarray(f->entries,
		    f->count == 0 ? 1 : f->count * 2, sizeof(*more));
		if (more == NULL)
			return -1;
		f->entries = more;
	}
	f->entries[f->count++] = at;
	return 0;
}

/*
 * A hole is damage where a later batch follows, at once or after the rest of
 * its own batch: that it was written says that this one was synced.
 */
static void
judge_hole(uint64_t *hole, const struct journal_entry *e, uint64_t expected,
    struct journal_findings *findings)
{
	if (*hole == 0 && e->sequence != expected)
		*hole = expected;
	if (*hole != 0 && e->batch > *hole) {
		findings->damaged++;
		*hole = 0;
	}
}

static int
scan(struct journal_file *f, struct journal_findings *findings)
{
	struct journal_entry e;
	uint64_t expected = 1, hole = 0;
	size_t at = JOURNAL_START, bad = 0;

	while (at + sizeof(e) <= f->size) {
		if (!whole_entry(f, at, &e) || e.sequence < expected) {
			if (bad == 0)
				bad = at;
			at += JOURNAL_ALIGN;
			continue;
		}
		judge_hole(&hole, &e, expected, findings);
		bad = 0;
		take_note(f, at, &e);
		if (keep(f, at) == -1)
			return -1;
		findings->entries++;
		expected = e.sequence + 1;
		at += sizeof(e) + ((size_t)e.length + JOURNAL_ALIGN - 1) /
				      JOURNAL_ALIGN * JOURNAL_ALIGN;
	}
	if (hole != 0)
		findings->torn++;
	/* Half an entry at the end: its head is there, the rest is not. */
	if (bad != 0 && f->size - bad >= sizeof(e)) {
		memcpy(&e, f->data + bad, sizeof(e));
		if (e.secret == f->header.secret)
			findings->torn++;
	}
	return 0;
}

static int
is_zero(const void *data, size_t size)
{
	const unsigned char *p = data;

	while (size > 0 && *p == 0) {
		p++;
		size--;
	}
	return size == 0;
}

int
journal_file_read(struct journal_file *f, int fd, size_t size,
    struct journal_findings *findings)
{
	f->size = size;
	if ((f->data = calloc(1, size)) == NULL)
		return -1;
	if (read_all(f, fd) == -1)
		return -1;
	memcpy(&f->header, f->data, sizeof(f->header));
	if (f->header.magic != JOURNAL_MAGIC ||
	    f->header.checksum != journal_header_checksum(&f->header) ||
	    f->header.boot[JOURNAL_BOOT - 1] != '\0') {
		/* A header is one sector: it can't be torn.  One that was
		 * never written is zero. */
		if (!is_zero(&f->header, sizeof(f->header)))
			findings->damaged++;
		memset(&f->header, 0, sizeof(f->header));
		return 0;
	}
	f->durable = f->header.durable;
	return scan(f, findings);
}

void
journal_file_free(struct journal_file *f)
{
	free(f->data);
	free(f->entries);
	memset(f, 0, sizeof(*f));
}
