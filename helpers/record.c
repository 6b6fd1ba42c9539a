#include "record.h"

#include <string.h>

enum { VERSION_1 = 1 };
enum { TAG_HASH = 1 };

size_t
record_put_user(const struct record_user *user, unsigned char *to, size_t size)
{
	size_t hash = strlen(user->hash);

	if (size < 4 + hash)
		return 0;
	to[0] = VERSION_1;
	to[1] = TAG_HASH;
	to[2] = (unsigned char)(hash >> 8);
	to[3] = (unsigned char)hash;
	memcpy(to + 4, user->hash, hash);
	return 4 + hash;
}

static int
take_hash(struct record_user *user, const unsigned char *from, size_t length)
{
	if (length >= sizeof(user->hash) || memchr(from, '\0', length) != NULL)
		return -1;
	memcpy(user->hash, from, length);
	user->hash[length] = '\0';
	return 0;
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
		if ((size_t)(end - from) < field)
			return -1;
		if (tag == TAG_HASH && take_hash(user, from, field) == -1)
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
