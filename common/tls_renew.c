#include "tls_renew.h"

#include "tls_certificate.h"

#include <stdlib.h>
#include <string.h>

/* A certificate and all parts that belong to it. */
struct section {
	size_t from, to;
	struct tls_part file;
	struct tls_certificate c;
	int is_good;
};

static void
free_sections(struct section *s, size_t count)
{
	for (size_t i = 0; s != NULL && i < count; i++)
		if (s[i].is_good)
			tls_certificate_free(&s[i].c);
	free(s);
}

static void
take_leaf(struct section *s, const struct tls_part *leaf)
{
	char why[256];

	s->is_good = tls_certificate_begin(&s->c, (const char *)s->file.data,
			 s->file.length, leaf->data, leaf->length, why,
			 sizeof(why)) == 0;
	if (!s->is_good)
		tls_certificate_free(&s->c);
}

/* The caller's; NULL without memory. */
static struct section *
cut(const struct tls_files *files, size_t *count)
{
	struct section *all = calloc(TLS_CERTIFICATES_MAX, sizeof(*all));
	struct section *last = NULL;
	struct tls_part part;
	size_t at = 0, before = 0, n = 0;

	for (; all != NULL && tls_files_next(files, &at, &part); before = at) {
		if (part.kind == TLS_FILE_NAME && n < TLS_CERTIFICATES_MAX) {
			last = &all[n++];
			last->from = before;
			last->file = part;
		} else if (part.kind == TLS_FILE_LEAF && last != NULL &&
			   !last->is_good) {
			take_leaf(last, &part);
		} else if (part.kind == TLS_FILE_CA ||
			   part.kind == TLS_FILE_TRUST) {
			last = NULL;
		}
		if (last != NULL)
			last->to = at;
	}
	*count = n;
	return all;
}

static int
is_same_file(const struct section *a, const struct section *b)
{
	return a->file.length == b->file.length &&
	       memcmp(a->file.data, b->file.data, a->file.length) == 0;
}

/* NULL: it comes in the place of none. */
static const struct section *
find_old(const struct section *new, const struct section *old, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (old[i].is_good && is_same_file(new, &old[i]))
			return &old[i];
	for (size_t i = 0; i < count; i++)
		if (old[i].is_good &&
		    tls_certificate_is_successor(&new->c, &old[i].c))
			return &old[i];
	return NULL;
}

/* Whether some certificate of them has this key. */
static int
has_key(const struct section *s, size_t count, const unsigned char *key)
{
	for (size_t i = 0; i < count; i++)
		if (s[i].is_good &&
		    memcmp(s[i].c.key_name, key, TLS_KEY_NAME) == 0)
			return 1;
	return 0;
}

static void
note(struct tls_renew *r, const struct section *new, const struct section *old)
{
	struct tls_renew_one *one = &r->ones[r->count++];

	*one = (struct tls_renew_one){.from = new->from,
	    .to = new->to,
	    .old_from = old->from,
	    .old_to = old->to,
	    .file = (const char *)new->file.data,
	    .file_length = new->file.length};
	memcpy(one->key, new->c.key_name, sizeof(one->key));
}

static int
compare(struct tls_renew *r)
{
	size_t count, old_count, i;
	struct section *new = cut(&r->wanted, &count);
	struct section *old = cut(&r->shown, &old_count);
	const struct section *before;
	int result = -1;

	if (new != NULL && old != NULL &&
	    (r->ones = calloc(count + 1, sizeof(*r->ones))) != NULL)
		result = 0;
	for (i = 0; result == 0 && i < count; i++)
		if (new[i].is_good &&
		    !has_key(old, old_count, new[i].c.key_name) &&
		    (before = find_old(&new[i], old, old_count)) != NULL)
			note(r, &new[i], before);
	free_sections(new, new != NULL ? count : 0);
	free_sections(old, old != NULL ? old_count : 0);
	return result;
}

int
tls_renew_begin(struct tls_renew *r, const struct tls_files *wanted,
    const struct tls_files *shown)
{
	*r = (struct tls_renew){.count = 0};
	if (tls_files_append(&r->wanted, wanted->data, wanted->length) == 0 &&
	    tls_files_append(&r->shown, shown->data, shown->length) == 0 &&
	    compare(r) == 0)
		return 0;
	tls_renew_free(r);
	return -1;
}

void
tls_renew_free(struct tls_renew *r)
{
	tls_files_free(&r->wanted);
	tls_files_free(&r->shown);
	free(r->ones);
	*r = (struct tls_renew){.count = 0};
}

static int
copy(struct tls_files *to, const struct tls_files *files, size_t from,
    size_t end)
{
	if (from == end)
		return 0;
	return tls_files_append(to, files->data + from, end - from);
}

int
tls_renew_merge(const struct tls_renew *r, const unsigned char *has,
    struct tls_files *merged)
{
	const struct tls_renew_one *one;
	size_t at = 0;
	int result = 0;

	*merged = (struct tls_files){.length = 0};
	for (size_t i = 0; i < r->count && result == 0; i++) {
		one = &r->ones[i];
		if (has[i])
			continue;
		result = copy(merged, &r->wanted, at, one->from);
		if (result == 0)
			result =
			    copy(merged, &r->shown, one->old_from, one->old_to);
		at = one->to;
	}
	if (result == 0)
		result = copy(merged, &r->wanted, at, r->wanted.length);
	if (result == -1)
		tls_files_free(merged);
	return result;
}
