#include "registry_user.h"

#include "directory_user.h"
#include "registry_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The user of exactly this name: key[KV_KEY_MAX], and what stands there, to be
 * wiped by the caller. */
static enum registry_result
find_user(struct directory *d, const char *name, char *key,
    struct record_user *user, char *why)
{
	enum directory_result result;
	struct address a;

	if (strchr(name, '@') == NULL)
		return registry_refuse(
		    why, "\"%.80s\" is no address: write user@domain", name);
	result = directory_user(d, name, &a, user);
	if (result == DIRECTORY_NO_USER)
		return registry_refuse(why, "there is no user %.330s", name);
	address_key(&a, key);
	return result == DIRECTORY_OK ? REGISTRY_OK : REGISTRY_FAILED;
}

static enum registry_result
check_user(struct directory *d, const char *name, char *key, char *why)
{
	struct record_user user = {.hash = ""};
	enum registry_result result = find_user(d, name, key, &user, why);

	explicit_bzero(&user, sizeof(user));
	return result;
}

static enum registry_result
check_new_user(struct directory *d, const char *name, char *key, char *why)
{
	enum registry_result result;
	struct record_user user;
	struct address a;

	if ((result = registry_check_address(d, name, &a, why)) != REGISTRY_OK)
		return result;
	address_key(&a, key);
	switch (registry_has_alias(d, key)) {
	case KV_OK:
		return registry_refuse(why,
		    "%s is an alias; delete that first, and add it again "
		    "later to have it stand before the mailbox",
		    name);
	case KV_FAILED:
		return REGISTRY_FAILED;
	case KV_NONE:
		break;
	}
	switch (directory_user(d, name, &a, &user)) {
	case DIRECTORY_OK:
		explicit_bzero(&user, sizeof(user));
		return registry_refuse(
		    why, "the user %s is there already", name);
	case DIRECTORY_NO_USER:
		return REGISTRY_OK;
	default:
		return REGISTRY_FAILED;
	}
}

enum registry_result
registry_user_check(struct directory *d, const char *name, int new, char *why)
{
	char key[KV_KEY_MAX];

	if (new)
		return check_new_user(d, name, key, why);
	return check_user(d, name, key, why);
}

/* Writes the user and wipes it. */
static enum registry_result
put_user(struct directory *d, const char *key, struct record_user *user)
{
	unsigned char value[RECORD_USER_MAX];
	enum registry_result result = REGISTRY_FAILED;
	size_t length;

	length = record_put_user(user, value, sizeof(value));
	if (length > 0)
		result = registry_put(d, KV_USERS, key, value, length);
	explicit_bzero(user, sizeof(*user));
	explicit_bzero(value, sizeof(value));
	return result;
}

void
registry_set_login(struct record_user *user, const struct registry_login *login)
{
	user->source = login->source;
	snprintf(user->hash, sizeof(user->hash), "%s", login->made.hash);
	user->sha1 = login->made.sha1;
	user->sha256 = login->made.sha256;
	snprintf(user->secret, sizeof(user->secret), "%s", login->secret);
}

enum registry_result
registry_user_add(struct directory *d, const char *name,
    const struct registry_login *login, const struct record_system *system,
    char *why)
{
	struct record_user user = {.hash = ""};
	enum registry_result result;
	char key[KV_KEY_MAX];

	if ((result = check_new_user(d, name, key, why)) != REGISTRY_OK)
		return result;
	registry_set_login(&user, login);
	if (system != NULL)
		user.system = *system;
	return put_user(d, key, &user);
}

enum registry_result
registry_user_passwd(struct directory *d, const char *name,
    const struct registry_login *login, char *why)
{
	struct record_user user = {.hash = ""};
	enum registry_result result;
	char key[KV_KEY_MAX];

	result = find_user(d, name, key, &user, why);
	if (result != REGISTRY_OK)
		return result;
	registry_set_login(&user, login);
	return put_user(d, key, &user);
}

enum registry_result
registry_user_quota(struct directory *d, const char *name,
    const struct record_quota *quota, char *why)
{
	struct record_user user = {.hash = ""};
	enum registry_result result;
	char key[KV_KEY_MAX];

	result = find_user(d, name, key, &user, why);
	if (result != REGISTRY_OK)
		return result;
	user.has_quota = quota != NULL;
	user.quota = quota != NULL ? *quota : (struct record_quota){0, 0};
	return put_user(d, key, &user);
}

enum registry_result
registry_user_backend(struct directory *d, const char *name, int new,
    const struct record_backend *backend, char *why)
{
	struct record_user user = {.hash = ""};
	enum registry_result result;
	char key[KV_KEY_MAX];

	result = new ? check_new_user(d, name, key, why)
		     : find_user(d, name, key, &user, why);
	if (result != REGISTRY_OK)
		return result;
	user.backend = *backend;
	return put_user(d, key, &user);
}

enum registry_result
registry_user_upgrade(struct directory *d, const char *name, const char *old,
    const struct hash_made *made)
{
	struct record_user user = {.hash = ""};
	char key[KV_KEY_MAX], why[REGISTRY_WHY_MAX];
	enum registry_result result;

	result = find_user(d, name, key, &user, why);
	if (result == REGISTRY_OK &&
	    (user.source != RECORD_OWN || strcmp(user.hash, old) != 0))
		result = REGISTRY_REFUSED;
	if (result != REGISTRY_OK) {
		explicit_bzero(&user, sizeof(user));
		return result;
	}
	snprintf(user.hash, sizeof(user.hash), "%s", made->hash);
	user.sha1 = made->sha1;
	user.sha256 = made->sha256;
	return put_user(d, key, &user);
}

enum registry_result
registry_add_sender(struct record_user *user, const char *text, char *why)
{
	char name[WIRE_NAME_MAX] = "@";
	struct address a;
	size_t length;

	if (text[0] == '@' ? address_parse_domain(text + 1, name + 1) == -1
			   : address_parse(text, &a) != ADDRESS_OK)
		return registry_refuse(why,
		    "\"%.80s\" is no address: write user@domain, or @domain "
		    "for a whole domain",
		    text);
	if (text[0] != '@')
		address_name(&a, name);
	length = strlen(name) + 1;
	if (length > sizeof(user->senders) - user->senders_length)
		return registry_refuse(why, "too many or too long addresses");
	memcpy(user->senders + user->senders_length, name, length);
	user->senders_length += length;
	return REGISTRY_OK;
}

enum registry_result
registry_user_senders(struct directory *d, const char *name,
    const struct record_targets *senders, char *why)
{
	struct record_user user = {.hash = ""};
	enum registry_result result;
	char key[KV_KEY_MAX];
	unsigned i;

	result = find_user(d, name, key, &user, why);
	user.senders_length = 0;
	for (i = 0; i < senders->count && result == REGISTRY_OK; i++)
		result = registry_add_sender(&user, senders->names[i], why);
	if (result == REGISTRY_OK)
		return put_user(d, key, &user);
	explicit_bzero(&user, sizeof(user));
	return result;
}

enum registry_result
registry_user_del(struct directory *d, const char *name, char *why)
{
	enum registry_result result;
	char key[KV_KEY_MAX];

	if ((result = check_user(d, name, key, why)) != REGISTRY_OK)
		return result;
	return registry_delete(d, KV_USERS, key);
}
