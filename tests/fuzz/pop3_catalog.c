/*
 * Any octets as a catalog that pop3d reads: rows that were written properly,
 * with some octets changed, as the input says.  What is read is either what
 * was written, or damaged.
 *
 * Input: an octet for the rows' size, one for their count, then pairs of a
 * place (two octets) and a value.
 */
#include "../../pop3d/maildrop.h"

#include "catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
make_letter(uint32_t i, struct mailbox_letter *l)
{
	memset(l, 0, sizeof(*l));
	l->octets = 1000 + i;
	l->size = 900 + i;
	snprintf(l->file, sizeof(l->file), "new/%u.M%uP1.host", 1000 + i, i);
	snprintf(l->uidl, sizeof(l->uidl), "id-%u", i);
}

static int
is_written(const struct mailbox_letter *l, uint32_t i)
{
	struct mailbox_letter wanted;

	make_letter(i, &wanted);
	return l->octets == wanted.octets && l->size == wanted.size &&
	       strcmp(l->file, wanted.file) == 0 &&
	       strcmp(l->uidl, wanted.uidl) == 0;
}

/* The catalog's file: rows, and then what the input changes in them. */
static int
write_catalog(uint32_t row, uint32_t count, const uint8_t *data, size_t size)
{
	static char rows[64 * CATALOG_ROW_MAX];
	struct mailbox_letter l;
	int fd = memfd_create("catalog", MFD_CLOEXEC);

	if (fd == -1)
		abort();
	for (uint32_t i = 0; i < count; i++) {
		make_letter(i, &l);
		if (catalog_put(rows + (size_t)i * row, row, i, &l) == -1)
			abort();
	}
	for (; size >= 3; data += 3, size -= 3)
		rows[(data[0] | (size_t)data[1] << 8) % ((size_t)count * row)] =
		    (char)data[2];
	/* What is left over cuts the file off. */
	if (catalog_store(fd, rows,
		(size_t)count * row - (size > 0 ? *data % 128 : 0),
		catalog_offset(row, 0)) == -1)
		abort();
	return fd;
}

static enum maildrop_choice
choose(void *arg, const struct mailbox_letter *l)
{
	uint32_t *i = arg;

	if (!is_written(l, (*i)++))
		abort();
	return l->octets % 3 == 0 ? MAILDROP_HIDE : MAILDROP_SHOW;
}

static void
read_all(const struct mailbox_session *s, int is_hiding)
{
	char files[8][WIRE_FILE_MAX];
	uint32_t n, i = 0, at = 1;
	struct mailbox_letter l;
	struct maildrop m;
	size_t length;
	const char *uidl;
	uint64_t octets;

	maildrop_init(&m);
	maildrop_open(&m, s);
	if (is_hiding && maildrop_hide(&m, choose, &i) == -1) {
		maildrop_free(&m);
		return;
	}
	for (n = 1; n <= m.count; n++) {
		if (maildrop_get(&m, n, &l) == 0 &&
		    ((!is_hiding && !is_written(&l, n - 1)) ||
			maildrop_octets(&m, n, &octets) == -1 ||
			octets != l.octets ||
			(uidl = maildrop_uidl(&m, n, &length)) == NULL ||
			length != strlen(l.uidl) ||
			memcmp(uidl, l.uidl, length) != 0))
			abort();
		if (n % 2 == 0)
			(void)maildrop_mark(&m, n);
	}
	while (maildrop_marked(&m, &at, files, 8) > 0)
		for (i = 0; i < 8; i++)
			files[i][WIRE_FILE_MAX - 1] = '\0';
	maildrop_reset(&m);
	maildrop_free(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mailbox_session s = {.catalog = -1};

	if (size < 2)
		return 0;
	s.row = CATALOG_ROW_MIN + data[0] % 5 * CATALOG_STEP;
	s.count = data[1] % 64 + 1;
	for (uint32_t i = 0; i < s.count; i++)
		s.octets += 1000 + i;
	s.catalog = write_catalog(s.row, s.count, data + 2, size - 2);
	read_all(&s, 0);
	read_all(&s, 1);
	close(s.catalog);
	return 0;
}
