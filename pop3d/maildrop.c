#include "maildrop.h"

#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Letters that are asked for at a time. */
#define PAGE 64

struct maildrop_letter {
	uint64_t octets;	  /* as sent */
	uint64_t size : 56;	  /* as stored */
	uint64_t uidl_length : 8; /* at most 70 */
	uint32_t file;		  /* where in names; has a NUL behind */
	uint32_t uidl;		  /* where in names; mostly inside the file */
};

void
maildrop_init(struct maildrop *m)
{
	memset(m, 0, sizeof(*m));
}

void
maildrop_free(struct maildrop *m)
{
	free(m->letters);
	free(m->names);
	free(m->marks);
	maildrop_init(m);
}

/* Room for one more letter. */
static int
grow_letters(struct maildrop *m)
{
	uint32_t capacity = m->capacity > 0 ? m->capacity * 2 : 16;
	struct maildrop_letter *letters;

	if (m->count < m->capacity)
		return 0;
	letters = reallocarray(m->letters, capacity, sizeof(*letters));
	if (letters == NULL)
		return -1;
	m->letters = letters;
	m->capacity = capacity;
	return 0;
}

/* Room for length more octets of names.  MAILDROP_MAX letters need less than
 * half of what 32 bits can count. */
static int
grow_names(struct maildrop *m, size_t length)
{
	size_t needed = m->names_length + length;
	size_t capacity = m->names_capacity > 0 ? m->names_capacity : 512;
	char *names;

	if (needed <= m->names_capacity)
		return 0;
	while (capacity < needed)
		capacity *= 2;
	if ((names = realloc(m->names, capacity)) == NULL)
		return -1;
	m->names = names;
	m->names_capacity = (uint32_t)capacity;
	return 0;
}

static uint32_t
add_name(struct maildrop *m, const char *text, size_t length)
{
	uint32_t at = m->names_length;

	memcpy(m->names + at, text, length);
	m->names_length += (uint32_t)length;
	return at;
}

int
maildrop_add(struct maildrop *m, const struct mailbox_letter *l)
{
	size_t file = strlen(l->file), uidl = strlen(l->uidl);
	struct maildrop_letter *new;
	const char *within;
	uint64_t octets;

	if (m->count == MAILDROP_MAX) {
		errno = E2BIG;
		return -1;
	}
	if (l->size >> 56 != 0 ||
	    __builtin_add_overflow(m->octets, l->octets, &octets)) {
		errno = EOVERFLOW;
		return -1;
	}
	if (grow_letters(m) == -1 || grow_names(m, file + 1 + uidl) == -1)
		return -1;
	new = &m->letters[m->count];
	new->octets = l->octets;
	new->size = l->size;
	new->file = add_name(m, l->file, file + 1);
	new->uidl_length = uidl;
	if ((within = strstr(l->file, l->uidl)) != NULL)
		new->uidl = new->file + (uint32_t)(within - l->file);
	else
		new->uidl = add_name(m, l->uidl, uidl);
	m->count++;
	m->left++;
	m->octets = octets;
	return 0;
}

void
maildrop_trim(struct maildrop *m)
{
	void *smaller;

	if (m->count == 0)
		return;
	smaller = reallocarray(m->letters, m->count, sizeof(*m->letters));
	if (smaller != NULL) {
		m->letters = smaller;
		m->capacity = m->count;
	}
	if ((smaller = realloc(m->names, m->names_length)) != NULL) {
		m->names = smaller;
		m->names_capacity = m->names_length;
	}
}

static enum mailbox_result
load_pages(struct maildrop *m, struct mailbox_session *s,
    struct mailbox_letter *page, int64_t patience)
{
	enum mailbox_result result;
	unsigned got;

	for (;;) {
		result = mailbox_list(
		    s, m->count, page, PAGE, &got, clock_after(patience));
		if (result != MAILBOX_OK || got == 0)
			return result;
		for (unsigned i = 0; i < got; i++) {
			if (maildrop_add(m, &page[i]) == 0)
				continue;
			return errno == E2BIG ? MAILBOX_OK : MAILBOX_TEMPORARY;
		}
	}
}

/*
 * A page that nobody on this worker needs just now.  Were each login to take
 * and free its own, what stays of the login would lie scattered between the
 * holes, and an idle session would cost twice as much.
 */
static _Thread_local struct mailbox_letter *spare_page;

static struct mailbox_letter *
take_page(void)
{
	struct mailbox_letter *page = spare_page;

	spare_page = NULL;
	return page != NULL ? page : calloc(PAGE, sizeof(*page));
}

static void
give_page(struct mailbox_letter *page)
{
	if (spare_page == NULL)
		spare_page = page;
	else
		free(page);
}

void
maildrop_end_worker(void)
{
	free(spare_page);
	spare_page = NULL;
}

enum mailbox_result
maildrop_load(struct maildrop *m, struct mailbox_session *s, int64_t patience)
{
	struct mailbox_letter *page = take_page();
	enum mailbox_result result;

	if (page == NULL)
		return MAILBOX_TEMPORARY;
	result = load_pages(m, s, page, patience);
	give_page(page);
	if (result == MAILBOX_OK)
		maildrop_trim(m);
	else
		maildrop_free(m);
	return result;
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

uint64_t
maildrop_octets(const struct maildrop *m, uint32_t number)
{
	return m->letters[number - 1].octets;
}

const char *
maildrop_uidl(const struct maildrop *m, uint32_t number, size_t *length)
{
	const struct maildrop_letter *l = &m->letters[number - 1];

	*length = l->uidl_length;
	return m->names + l->uidl;
}

void
maildrop_get(
    const struct maildrop *m, uint32_t number, struct mailbox_letter *l)
{
	const struct maildrop_letter *own = &m->letters[number - 1];

	l->octets = own->octets;
	l->size = own->size;
	memccpy(l->file, m->names + own->file, '\0', sizeof(l->file));
	memcpy(l->uidl, m->names + own->uidl, own->uidl_length);
	l->uidl[own->uidl_length] = '\0';
}

const char *
maildrop_file(const struct maildrop *m, uint32_t number, uint64_t *size)
{
	const struct maildrop_letter *own = &m->letters[number - 1];

	*size = own->size;
	return m->names + own->file;
}

int
maildrop_mark(struct maildrop *m, uint32_t number)
{
	uint32_t i = number - 1;

	if (m->marks == NULL &&
	    (m->marks = calloc((m->count + 7) / 8, 1)) == NULL)
		return -1;
	m->marks[i / 8] |= (uint8_t)(1 << i % 8);
	m->left--;
	m->octets -= m->letters[i].octets;
	return 0;
}

void
maildrop_reset(struct maildrop *m)
{
	for (uint32_t number = 1; number <= m->count; number++)
		if (is_marked(m, number))
			m->octets += m->letters[number - 1].octets;
	m->left = m->count;
	free(m->marks);
	m->marks = NULL;
}

uint32_t
maildrop_marked(
    const struct maildrop *m, uint32_t *at, const char **files, uint32_t max)
{
	uint32_t n = 0;

	for (; *at <= m->count && n < max; ++*at)
		if (is_marked(m, *at))
			files[n++] = m->names + m->letters[*at - 1].file;
	return n;
}
