#include "catalog.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char magic[8] = {'r', 'i', 'n', 'g', 'c', 'a', 't', '1'};

/* What stands before a row's texts: the file, and the UIDL where that is no
 * part of it. */
struct row {
	uint64_t sum;
	uint64_t octets, size;
	uint16_t file_length;
	uint8_t uidl_length;
	uint8_t uidl_apart; /* it stands behind the file */
	uint32_t zero;
};

/* A bijection of the sum for a given word: a changed word changes the end. */
static uint64_t
sum_words(uint64_t sum, const void *data, size_t length)
{
	const char *p = data;
	uint64_t word;
	size_t i;

	for (i = 0; i < length; i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 29;
	}
	return sum;
}

static uint64_t
sum_row(const void *row, uint32_t size, uint32_t number)
{
	const size_t skip = sizeof(uint64_t);

	return sum_words(number + UINT64_C(0x51ed270b),
	    (const char *)row + skip, size - skip);
}

/* Whether the UIDL is the beginning of the file's name. */
static int
is_inside(const struct mailbox_letter *l)
{
	return strncmp(l->file + 4, l->uidl, strlen(l->uidl)) == 0;
}

uint32_t
catalog_need(const struct mailbox_letter *l)
{
	size_t need = sizeof(struct row) + strlen(l->file) + 1;

	if (!is_inside(l))
		need += strlen(l->uidl);
	need = (need + CATALOG_STEP - 1) / CATALOG_STEP * CATALOG_STEP;
	return need > CATALOG_ROW_MIN ? (uint32_t)need : CATALOG_ROW_MIN;
}

int
catalog_is_row(uint32_t size)
{
	return size >= CATALOG_ROW_MIN && size <= CATALOG_ROW_MAX &&
	       size % CATALOG_STEP == 0;
}

static int
is_file(const char *file)
{
	return (memcmp(file, "new/", 4) == 0 || memcmp(file, "cur/", 4) == 0) &&
	       strchr(file + 4, '/') == NULL;
}

/* RFC 1939 7: 1 to 70 characters of 0x21 to 0x7E. */
static int
is_uidl(const char *text, size_t length)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t odd = 0, word;
	size_t i;

	/* Eight octets at once: the highest bit of each tells whether it is
	 * above 0x7F, above 0x7E, or below 0x21. */
	for (i = 0; i + sizeof(word) <= length; i += sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		odd |= word | (word + each) | ~(word + 0x5f * each);
	}
	odd &= 0x80 * each;
	for (; i < length; i++)
		odd |= text[i] < 0x21 || text[i] > 0x7e;
	return length > 0 && length <= 70 && odd == 0;
}

int
catalog_put(
    void *row, uint32_t size, uint32_t number, const struct mailbox_letter *l)
{
	struct row r = {.octets = l->octets, .size = l->size};
	char *text = (char *)row + sizeof(r);

	if (catalog_need(l) > size || strlen(l->file) < 5 ||
	    !is_file(l->file) || !is_uidl(l->uidl, strlen(l->uidl)))
		return -1;
	r.file_length = (uint16_t)strlen(l->file);
	r.uidl_length = (uint8_t)strlen(l->uidl);
	r.uidl_apart = !is_inside(l);
	memset(row, 0, size);
	memcpy(text, l->file, r.file_length);
	if (r.uidl_apart)
		memcpy(text + r.file_length + 1, l->uidl, r.uidl_length);
	memcpy(row, &r, sizeof(r));
	r.sum = sum_row(row, size, number);
	memcpy(row, &r.sum, sizeof(r.sum));
	return 0;
}

int
catalog_get(
    const void *row, uint32_t size, uint32_t number, struct mailbox_letter *l)
{
	size_t length;
	const char *uidl = catalog_uidl(row, size, number, &length);
	struct row r;

	memcpy(&r, row, sizeof(r));
	if (uidl == NULL || r.file_length < 5 ||
	    r.file_length >= sizeof(l->file) ||
	    sizeof(r) + r.file_length >= size)
		return -1;
	l->octets = r.octets;
	l->size = r.size;
	memcpy(l->file, catalog_file(row), r.file_length);
	l->file[r.file_length] = '\0';
	memcpy(l->uidl, uidl, length);
	l->uidl[length] = '\0';
	return is_file(l->file) ? 0 : -1;
}

int
catalog_octets(
    const void *row, uint32_t size, uint32_t number, uint64_t *octets)
{
	struct row r;

	memcpy(&r, row, sizeof(r));
	*octets = r.octets;
	return r.sum == sum_row(row, size, number) ? 0 : -1;
}

const char *
catalog_uidl(const void *row, uint32_t size, uint32_t number, size_t *length)
{
	const char *text = (const char *)row + sizeof(struct row);
	struct row r;
	size_t at;

	memcpy(&r, row, sizeof(r));
	at = r.uidl_apart ? r.file_length + 1u : 4;
	if (r.sum != sum_row(row, size, number) || r.uidl_apart > 1 ||
	    at + r.uidl_length > size - sizeof(r) ||
	    !is_uidl(text + at, r.uidl_length))
		return NULL;
	*length = r.uidl_length;
	return text + at;
}

const char *
catalog_file(const void *row)
{
	return (const char *)row + sizeof(struct row);
}

int64_t
catalog_offset(uint32_t size, uint32_t number)
{
	return CATALOG_HEAD + (int64_t)size * number;
}

int64_t
catalog_load(int fd, void *to, size_t count, int64_t offset)
{
	size_t got = 0;
	ssize_t n;

	while (got < count) {
		n = pread(
		    fd, (char *)to + got, count - got, offset + (int64_t)got);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (int64_t)got;
}

int
catalog_store(int fd, const void *from, size_t count, int64_t offset)
{
	size_t put = 0;
	ssize_t n;

	while (put < count) {
		n = pwrite(fd, (const char *)from + put, count - put,
		    offset + (int64_t)put);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		put += (size_t)n;
	}
	return 0;
}

int
catalog_read(int fd, uint32_t size, uint32_t number, struct mailbox_letter *l)
{
	char row[CATALOG_ROW_MAX];

	if (!catalog_is_row(size) ||
	    catalog_load(fd, row, size, catalog_offset(size, number)) !=
		(int64_t)size)
		return -1;
	return catalog_get(row, size, number, l);
}

static uint64_t
sum_head(const struct catalog_head *head)
{
	struct catalog_head copy = *head;

	copy.sum = 0;
	return sum_words(UINT64_C(0x2545f491), &copy, sizeof(copy));
}

void
catalog_seal(struct catalog_head *head)
{
	memcpy(head->magic, magic, sizeof(magic));
	head->sum = sum_head(head);
}

int
catalog_is_whole(const struct catalog_head *head)
{
	return memcmp(head->magic, magic, sizeof(magic)) == 0 &&
	       head->sum == sum_head(head) && catalog_is_row(head->row);
}
