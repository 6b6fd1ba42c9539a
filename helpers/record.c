#include "record.h"

#include <string.h>

enum { VERSION_1 = 1 };
enum {
	TAG_HASH = 1,
	TAG_QUOTA,
	TAG_SYSTEM,
	TAG_SCRAM_SHA1,
	TAG_SCRAM_SHA256,
	TAG_SECRET,
	TAG_SENDERS,
	TAG_SOURCE,
	TAG_BACKEND
};
/* Octets of a backend's field before its two texts. */
#define BACKEND_HEAD 4
/* Octets of a field of SCRAM keys before the keys. */
#define SCRAM_HEAD (4 + RECORD_SALT_SIZE)

/* Where a record is written to; at NULL: it did not fit. */
struct writer {
	unsigned char *at, *end;
};

static void
put_octets(struct writer *w, const void *from, size_t length)
{
	if (w->at == NULL || (size_t)(w->end - w->at) < length) {
		w->at = NULL;
		return;
	}
	memcpy(w->at, from, length);
	w->at += length;
}

/* The low `size` octets of value, the high ones first. */
static void
put_number(struct writer *w, uint64_t value, unsigned size)
{
	unsigned char octet;

	while (size-- > 0) {
		octet = (unsigned char)(value >> 8 * size);
		put_octets(w, &octet, 1);
	}
}

static void
put_head(struct writer *w, int tag, size_t length)
{
	put_number(w, (uint64_t)tag, 1);
	put_number(w, length, 2);
}

static void
put_scram(struct writer *w, int tag, const struct record_scram *s)
{
	if (s->iterations == 0)
		return;
	put_head(w, tag, SCRAM_HEAD + 2U * s->length);
	put_number(w, s->iterations, 4);
	put_octets(w, s->salt, sizeof(s->salt));
	put_octets(w, s->stored, s->length);
	put_octets(w, s->server, s->length);
}

/* What is there for logins besides the hash. */
static void
put_login(struct writer *w, const struct record_user *user)
{
	put_scram(w, TAG_SCRAM_SHA1, &user->sha1);
	put_scram(w, TAG_SCRAM_SHA256, &user->sha256);
	if (user->secret[0] != '\0') {
		put_head(w, TAG_SECRET, strlen(user->secret));
		put_octets(w, user->secret, strlen(user->secret));
	}
	if (user->senders_length > 0) {
		put_head(w, TAG_SENDERS, user->senders_length);
		put_octets(w, user->senders, user->senders_length);
	}
	if (user->source != RECORD_OWN) {
		put_head(w, TAG_SOURCE, 1);
		put_number(w, (uint64_t)user->source, 1);
	}
}

static void
put_backend(struct writer *w, const struct record_backend *b)
{
	size_t host = strlen(b->host) + 1, user = strlen(b->user);

	if (b->host[0] == '\0')
		return;
	put_head(w, TAG_BACKEND, BACKEND_HEAD + host + user);
	put_number(w, b->port, 2);
	put_number(w, b->tls, 1);
	put_number(w, b->flags, 1);
	put_octets(w, b->host, host);
	put_octets(w, b->user, user);
}

size_t
record_put_user(const struct record_user *user, unsigned char *to, size_t size)
{
	struct writer w = {to, to + size};
	size_t path = strlen(user->system.path);

	put_number(&w, VERSION_1, 1);
	put_head(&w, TAG_HASH, strlen(user->hash));
	put_octets(&w, user->hash, strlen(user->hash));
	if (user->has_quota) {
		put_head(&w, TAG_QUOTA, 16);
		put_number(&w, user->quota.octets, 8);
		put_number(&w, user->quota.messages, 8);
	}
	if (path > 0) {
		put_head(&w, TAG_SYSTEM, 8 + path);
		put_number(&w, user->system.uid, 4);
		put_number(&w, user->system.gid, 4);
		put_octets(&w, user->system.path, path);
	}
	put_login(&w, user);
	put_backend(&w, &user->backend);
	return w.at != NULL ? (size_t)(w.at - to) : 0;
}

static uint64_t
get_number(const unsigned char *from, unsigned size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | *from++;
	return value;
}

static int
take_text(char *to, size_t size, const unsigned char *from, size_t length)
{
	if (length >= size || memchr(from, '\0', length) != NULL)
		return -1;
	memcpy(to, from, length);
	to[length] = '\0';
	return 0;
}

static int
take_scram(struct record_scram *s, size_t key, const unsigned char *from,
    size_t length)
{
	if (length != SCRAM_HEAD + 2 * key)
		return -1;
	s->iterations = (uint32_t)get_number(from, 4);
	s->length = (uint8_t)key;
	memcpy(s->salt, from + 4, sizeof(s->salt));
	memcpy(s->stored, from + SCRAM_HEAD, key);
	memcpy(s->server, from + SCRAM_HEAD + key, key);
	return s->iterations == 0 ? -1 : 0;
}

static int
take_senders(struct record_user *user, const unsigned char *from, size_t length)
{
	if (length == 0 || length > sizeof(user->senders) ||
	    from[length - 1] != '\0')
		return -1;
	memcpy(user->senders, from, length);
	user->senders_length = length;
	return 0;
}

static int
take_backend(struct record_backend *b, const unsigned char *from, size_t length)
{
	const unsigned char *nul;
	size_t host;

	if (length <= BACKEND_HEAD)
		return -1;
	b->port = (uint16_t)get_number(from, 2);
	b->tls = from[2];
	b->flags = from[3];
	from += BACKEND_HEAD;
	length -= BACKEND_HEAD;
	if ((nul = memchr(from, '\0', length)) == NULL)
		return -1;
	host = (size_t)(nul - from);
	/* Where a password goes, and how, is not for us to guess. */
	if (host == 0 || b->port == 0 || b->tls >= WIRE_BACKEND_TLS_KINDS ||
	    b->flags > RECORD_BACKEND_FLAGS)
		return -1;
	return take_text(b->host, sizeof(b->host), from, host) |
	       take_text(b->user, sizeof(b->user), nul + 1, length - host - 1);
}

static int
take_field(
    struct record_user *user, int tag, const unsigned char *from, size_t length)
{
	switch (tag) {
	case TAG_HASH:
		return take_text(user->hash, sizeof(user->hash), from, length);
	case TAG_QUOTA:
		if (length != 16)
			return -1;
		user->has_quota = 1;
		user->quota.octets = get_number(from, 8);
		user->quota.messages = get_number(from + 8, 8);
		return 0;
	case TAG_SYSTEM:
		if (length <= 8)
			return -1;
		user->system.uid = (uint32_t)get_number(from, 4);
		user->system.gid = (uint32_t)get_number(from + 4, 4);
		return take_text(user->system.path, sizeof(user->system.path),
		    from + 8, length - 8);
	case TAG_SCRAM_SHA1:
		return take_scram(&user->sha1, 20, from, length);
	case TAG_SCRAM_SHA256:
		return take_scram(&user->sha256, 32, from, length);
	case TAG_SECRET:
		return take_text(
		    user->secret, sizeof(user->secret), from, length);
	case TAG_SENDERS:
		return take_senders(user, from, length);
	case TAG_SOURCE:
		if (length != 1 || from[0] > RECORD_PAM)
			return -1; /* who may judge is not for us to guess */
		user->source = from[0];
		return 0;
	case TAG_BACKEND:
		return take_backend(&user->backend, from, length);
	}
	return 0; /* of a later day */
}

int
record_get_user(
    struct record_user *user, const unsigned char *from, size_t length)
{
	const unsigned char *end = from + length;
	size_t field;
	int tag;

	memset(user, 0, sizeof(*user));
	if (length == 0 || *from++ != VERSION_1)
		return -1;
	while (from < end) {
		if (end - from < 3)
			return -1;
		tag = from[0];
		field = ((size_t)from[1] << 8) | from[2];
		from += 3;
		if ((size_t)(end - from) < field ||
		    take_field(user, tag, from, field) == -1)
			return -1;
		from += field;
	}
	return 0;
}

size_t
record_put_alias(
    const struct record_targets *targets, unsigned char *to, size_t size)
{
	size_t length, at = 1;
	unsigned i;

	if (size < 1)
		return 0;
	to[0] = VERSION_1;
	for (i = 0; i < targets->count; i++) {
		length = strlen(targets->names[i]) + 1;
		if (size - at < length)
			return 0;
		memcpy(to + at, targets->names[i], length);
		at += length;
	}
	return at;
}

int
record_get_alias(
    struct record_targets *targets, const unsigned char *from, size_t length)
{
	const unsigned char *end = from + length;
	const unsigned char *nul;

	targets->count = 0;
	if (length == 0 || *from++ != VERSION_1)
		return -1;
	while (from < end) {
		nul = memchr(from, '\0', (size_t)(end - from));
		if (nul == NULL || nul - from >= WIRE_NAME_MAX ||
		    targets->count == WIRE_TARGETS_MAX)
			return -1;
		memcpy(targets->names[targets->count++], from,
		    (size_t)(nul - from) + 1);
		from = nul + 1;
	}
	return targets->count > 0 ? 0 : -1;
}
