#include "maildrop.h"

#include "catalog.h"

#include "fiber.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rows after which others get their turn. */
#define TURN 2048

void
maildrop_init(struct maildrop *m)
{
	memset(m, 0, sizeof(*m));
	m->catalog = -1;
}

void
maildrop_free(struct maildrop *m)
{
	free(m->rows);
	free(m->marks);
	free(m->shown);
	maildrop_init(m);
}

void
maildrop_open(struct maildrop *m, const struct mailbox_session *s)
{
	m->catalog = s->catalog;
	m->row = s->row;
	m->letters = m->count = m->left = s->count;
	m->total = m->octets = s->octets;
}

/* Reads rows from i on; 0, or -1 where that one can't be read. */
static int
load_rows(struct maildrop *m, uint32_t i)
{
	uint32_t n = m->letters < MAILDROP_ROWS ? m->letters : MAILDROP_ROWS;
	int64_t got;

	if (m->rows == NULL && (m->rows = malloc((size_t)n * m->row)) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	if (n > m->letters - i)
		n = m->letters - i;
	got = catalog_load(
	    m->catalog, m->rows, (size_t)n * m->row, catalog_offset(m->row, i));
	m->first = i;
	m->held = got < 0 ? 0 : (uint32_t)(got / m->row);
	return m->held > 0 ? 0 : -1;
}

/* Row i (from 0), with as many behind it at hand as wanted, or all. */
static const char *
find_row(struct maildrop *m, uint32_t i, uint32_t wanted)
{
	if (wanted > m->letters - i)
		wanted = m->letters - i;
	if ((i < m->first || i + wanted > m->first + m->held) &&
	    load_rows(m, i) == -1) {
		m->is_damaged = 1;
		return NULL;
	}
	return m->rows + (size_t)(i - m->first) * m->row;
}

static int
get_row(
    struct maildrop *m, uint32_t i, uint32_t wanted, struct mailbox_letter *l)
{
	const char *row = find_row(m, i, wanted);

	if (row != NULL && catalog_get(row, m->row, i, l) == 0)
		return 0;
	m->is_damaged = 1;
	return -1;
}

/* The row of a letter. */
static uint32_t
row_of(const struct maildrop *m, uint32_t number)
{
	return m->shown != NULL ? m->shown[number - 1] : number - 1;
}

static int
get(struct maildrop *m, uint32_t number, uint32_t wanted,
    struct mailbox_letter *l)
{
	return get_row(m, row_of(m, number), wanted, l);
}

/* The first letter that is hidden: from now on it matters which rows are
 * shown.  0 or -1. */
static int
begin_hiding(struct maildrop *m, uint32_t shown)
{
	if (m->shown != NULL)
		return 0;
	m->shown = calloc(m->letters, sizeof(*m->shown));
	for (uint32_t i = 0; m->shown != NULL && i < shown; i++)
		m->shown[i] = i;
	return m->shown != NULL ? 0 : -1;
}

int
maildrop_hide(struct maildrop *m,
    enum maildrop_choice (*choose)(void *arg, const struct mailbox_letter *l),
    void *arg)
{
	enum maildrop_choice choice = MAILDROP_SHOW;
	struct mailbox_letter l;
	uint32_t count = 0;

	for (uint32_t i = 0; i < m->letters; i++) {
		if (choice != MAILDROP_REST) {
			if (get_row(m, i, 1, &l) == -1)
				return -1;
			choice = choose(arg, &l);
		} else if (m->shown == NULL) {
			return 0;
		}
		if (choice == MAILDROP_HIDE) {
			if (begin_hiding(m, count) == -1)
				return -1;
			m->total -= l.octets < m->total ? l.octets : m->total;
		} else {
			if (m->shown != NULL)
				m->shown[count] = i;
			count++;
		}
		if (i % TURN == TURN - 1)
			fiber_yield();
	}
	m->count = m->left = count;
	m->octets = m->total;
	return 0;
}

static int
is_marked(const struct maildrop *m, uint32_t number)
{
	uint32_t i = number - 1;

	return m->marks != NULL && (m->marks[i / 8] >> i % 8 & 1);
}

int
maildrop_has(const struct maildrop *m, uint64_t number)
{
	return number >= 1 && number <= m->count &&
	       !is_marked(m, (uint32_t)number);
}

int
maildrop_octets(struct maildrop *m, uint32_t number, uint64_t *octets)
{
	uint32_t i = row_of(m, number);
	const char *row = find_row(m, i, 1);

	if (row != NULL && catalog_octets(row, m->row, i, octets) == 0)
		return 0;
	m->is_damaged = 1;
	return -1;
}

const char *
maildrop_uidl(struct maildrop *m, uint32_t number, size_t *length)
{
	uint32_t i = row_of(m, number);
	const char *row = find_row(m, i, 1), *uidl = NULL;

	if (row != NULL)
		uidl = catalog_uidl(row, m->row, i, length);
	m->is_damaged |= uidl == NULL;
	return uidl;
}

int
maildrop_get(struct maildrop *m, uint32_t number, struct mailbox_letter *l)
{
	return get(m, number, 1 + MAILDROP_AHEAD, l);
}

const char *
maildrop_file(struct maildrop *m, uint32_t number, uint64_t *size)
{
	struct mailbox_letter l;
	uint32_t i = row_of(m, number);

	if (m->shown != NULL && (i < m->first || i >= m->first + m->held))
		return NULL;
	if (get_row(m, i, 1, &l) == -1)
		return NULL;
	*size = l.size;
	return catalog_file(find_row(m, i, 1));
}

int
maildrop_mark(struct maildrop *m, uint32_t number)
{
	uint32_t i = number - 1;
	uint64_t octets;

	if (maildrop_octets(m, number, &octets) == -1 || octets > m->octets) {
		m->is_damaged = 1;
		errno = EIO;
		return -1;
	}
	if (m->marks == NULL &&
	    (m->marks = calloc((m->count + 7) / 8, 1)) == NULL)
		return -1;
	m->marks[i / 8] |= (uint8_t)(1 << i % 8);
	m->left--;
	m->octets -= octets;
	return 0;
}

void
maildrop_reset(struct maildrop *m)
{
	m->left = m->count;
	m->octets = m->total;
	free(m->marks);
	m->marks = NULL;
}

int
maildrop_marked(
    struct maildrop *m, uint32_t *at, char (*files)[WIRE_FILE_MAX], int max)
{
	struct mailbox_letter l;
	int n = 0;

	for (; m->marks != NULL && *at <= m->count && n < max; ++*at) {
		if (!is_marked(m, *at))
			continue;
		if (get(m, *at, 1, &l) == -1)
			return -1;
		memcpy(files[n++], l.file, sizeof(l.file));
	}
	return n;
}
