#include "directory_user.h"

#include "log.h"

#include <string.h>

enum directory_result
directory_user_get(
    struct directory *d, const char *key, struct record_user *user)
{
	unsigned char value[RECORD_USER_MAX];
	enum directory_result result = DIRECTORY_OK;
	size_t length;

	switch (kv_get(d->kv, KV_USERS, key, value, sizeof(value), &length)) {
	case KV_OK:
		if (record_get_user(user, value, length) == -1) {
			log_error("directory.damaged", log_text("key", key));
			result = DIRECTORY_FAILED;
		}
		d->limited |= user->has_quota;
		explicit_bzero(value, sizeof(value));
		return result;
	case KV_NONE:
		return DIRECTORY_NO_USER;
	case KV_FAILED:
		break;
	}
	return DIRECTORY_FAILED;
}

enum directory_result
directory_user(struct directory *d, const char *login, struct address *a,
    struct record_user *user)
{
	char key[KV_KEY_MAX];

	memset(user, 0, sizeof(*user));
	memset(a, 0, sizeof(*a));
	if (strchr(login, '@') == NULL) {
		if (address_parse_domain(d->default_domain, a->domain) == -1 ||
		    address_parse_local(
			login, address_is_exact(a->domain), a->local) == -1)
			return DIRECTORY_NO_USER;
	} else if (address_parse(login, a) != ADDRESS_OK) {
		return DIRECTORY_NO_USER;
	}
	address_key(a, key);
	return directory_user_get(d, key, user);
}
