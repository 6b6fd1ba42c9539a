#include "directory_next.h"

#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum directory_result
damaged(const char *key)
{
	log_error("directory.damaged", log_text("key", key));
	return DIRECTORY_FAILED;
}

enum directory_result
directory_next_key(struct kv *kv, enum kv_table table, const char *after,
    char key[KV_KEY_MAX], void *value, size_t size, size_t *length)
{
	switch (kv_next(kv, table, after, key, value, size, length)) {
	case KV_OK:
		return DIRECTORY_OK;
	case KV_NONE:
		return DIRECTORY_NO_USER;
	case KV_FAILED:
		break;
	}
	return DIRECTORY_FAILED;
}

enum directory_result
directory_next_domain(
    struct directory *d, const char *after, char name[WIRE_NAME_MAX])
{
	char key[KV_KEY_MAX], domain[ADDRESS_DOMAIN_MAX + 1] = "";
	enum directory_result result;

	if (after[0] != '\0' && address_parse_domain(after, domain) == -1)
		return DIRECTORY_NO_USER;
	result =
	    directory_next_key(d->kv, KV_DOMAINS, domain, key, NULL, 0, NULL);
	if (result != DIRECTORY_OK)
		return result;
	if (strlen(key) > ADDRESS_DOMAIN_MAX)
		return damaged(key);
	snprintf(name, WIRE_NAME_MAX, "%s", key);
	return DIRECTORY_OK;
}

/* The next entry of a table whose keys are addresses. */
static enum directory_result
next_address(struct directory *d, enum kv_table table, const char *after,
    const char *domain, struct address *a, unsigned char *value, size_t *length)
{
	char from[KV_KEY_MAX] = "", key[KV_KEY_MAX];
	size_t size = value == NULL ? 0 : KV_VALUE_MAX;
	enum directory_result result;

	*a = (struct address){.local = ""};
	if (domain[0] != '\0') {
		if (address_parse_domain(domain, a->domain) == -1)
			return DIRECTORY_NO_USER;
		address_key(a, from);
	}
	if (after[0] != '\0') {
		if (address_parse_stored(after, a) != ADDRESS_OK &&
		    address_parse_catch_all(after, a) == -1)
			return DIRECTORY_NO_USER;
		address_key(a, key);
		if (strcmp(key, from) > 0)
			snprintf(from, sizeof(from), "%s", key);
	}
	result =
	    directory_next_key(d->kv, table, from, key, value, size, length);
	if (result != DIRECTORY_OK)
		return result;
	if (address_from_key(key, a) == -1)
		return damaged(key);
	return DIRECTORY_OK;
}

enum directory_result
directory_next_user(struct directory *d, const char *after, const char *domain,
    char name[WIRE_NAME_MAX])
{
	char canonical[ADDRESS_DOMAIN_MAX + 1] = "";
	enum directory_result result;
	struct address a;

	if (domain[0] != '\0' && address_parse_domain(domain, canonical) == -1)
		return DIRECTORY_NO_USER;
	result = next_address(d, KV_USERS, after, canonical, &a, NULL, NULL);
	if (result != DIRECTORY_OK)
		return result;
	if (canonical[0] != '\0' && strcmp(a.domain, canonical) != 0)
		return DIRECTORY_NO_USER;
	address_name(&a, name);
	return DIRECTORY_OK;
}

enum directory_result
directory_next_alias(struct directory *d, const char *after,
    char name[WIRE_NAME_MAX], struct record_targets *targets)
{
	enum directory_result result;
	unsigned char *value;
	struct address a;
	size_t length;

	if ((value = malloc(KV_VALUE_MAX)) == NULL) {
		log_error("directory.failed", log_errno(ENOMEM));
		return DIRECTORY_FAILED;
	}
	result = next_address(d, KV_ALIASES, after, "", &a, value, &length);
	if (result == DIRECTORY_OK) {
		address_name(&a, name);
		if (record_get_alias(targets, value, length) == -1)
			result = damaged(name);
	}
	free(value);
	return result;
}
