#include "registry_bulk.h"

#include "directory_user.h"
#include "log.h"
#include "registry_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands in the domains table, as registry.c writes it. */
static const unsigned char domain_record[] = {1};

enum registry_result
registry_bulk_begin(struct directory *d)
{
	return kv_begin(d->kv) == KV_OK ? REGISTRY_OK : REGISTRY_FAILED;
}

enum registry_result
registry_bulk_end(struct directory *d, int is_good)
{
	if (is_good)
		return kv_commit(d->kv) == KV_OK ? REGISTRY_OK
						 : REGISTRY_FAILED;
	kv_abort(d->kv);
	return kv_broken(d->kv) ? REGISTRY_FAILED : REGISTRY_OK;
}

/* Writes a row, which has become what became says. */
static enum registry_result
put(struct directory *d, enum kv_table table, const char *key,
    const void *value, size_t length)
{
	return kv_put(d->kv, table, key, value, length) == KV_OK
		   ? REGISTRY_OK
		   : REGISTRY_FAILED;
}

enum registry_result
registry_bulk_domain(
    struct directory *d, const char *name, int *became, char *why)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];

	if (address_parse_domain(name, domain) == -1)
		return registry_refuse(why,
		    "\"%.80s\" is no domain: write it like example.org", name);
	switch (directory_has_domain(d, domain)) {
	case DIRECTORY_OK:
		*became = WIRE_IMPORT_KEPT;
		return REGISTRY_OK;
	case DIRECTORY_FOREIGN:
		*became = WIRE_IMPORT_ADDED;
		return put(d, KV_DOMAINS, domain, domain_record,
		    sizeof(domain_record));
	default:
		return REGISTRY_FAILED;
	}
}

/* Puts what the row has into the user's record. */
static enum registry_result
apply(const struct registry_bulk_user *row, int replaces,
    struct record_user *user, char *why)
{
	enum registry_result result = REGISTRY_OK;
	int has_password = user->hash[0] != '\0' || user->source != RECORD_OWN;

	/* The keys of SCRAM belong to the hash that is there. */
	if (row->login != NULL &&
	    !(row->is_plain && has_password && !replaces) &&
	    (row->login->source != user->source ||
		strcmp(row->login->made.hash, user->hash) != 0))
		registry_set_login(user, row->login);
	if (row->sets_quota) {
		user->has_quota = row->quota != NULL;
		user->quota = row->quota != NULL ? *row->quota
						 : (struct record_quota){0, 0};
	}
	if (row->system != NULL)
		user->system = *row->system;
	if (row->senders == NULL)
		return result;
	memset(user->senders, 0, sizeof(user->senders));
	user->senders_length = 0;
	for (unsigned i = 0; i < row->senders->count && result == REGISTRY_OK;
	     i++)
		result = registry_add_sender(user, row->senders->names[i], why);
	return result;
}

/* A record before and after, and as tables have them. */
struct user_change {
	struct record_user user;
	unsigned char was[RECORD_USER_MAX], is[RECORD_USER_MAX];
};

static enum registry_result
change_user(struct directory *d, const char *key, struct user_change *c,
    const struct registry_bulk_user *row, int replaces, int *became, char *why)
{
	enum registry_result result;
	size_t was, is;

	was = record_put_user(&c->user, c->was, sizeof(c->was));
	if ((result = apply(row, replaces, &c->user, why)) != REGISTRY_OK)
		return result;
	is = record_put_user(&c->user, c->is, sizeof(c->is));
	if (was == 0 || is == 0)
		return registry_refuse(why, "this is too much for one user");
	if (*became == WIRE_IMPORT_CHANGED && was == is &&
	    memcmp(c->was, c->is, is) == 0) {
		*became = WIRE_IMPORT_KEPT;
		return REGISTRY_OK;
	}
	if (*became == WIRE_IMPORT_CHANGED && !replaces)
		return registry_refuse(why,
		    "the user %.330s is there already, and differs: give "
		    "--replace to change it",
		    row->name);
	return put(d, KV_USERS, key, c->is, is);
}

static enum registry_result
find_user(struct directory *d, const struct registry_bulk_user *row,
    int is_loose, struct user_change *c, char *key, int *became, char *why)
{
	enum registry_result result = REGISTRY_OK;
	struct address a;

	*became = WIRE_IMPORT_CHANGED;
	if (strchr(row->name, '@') == NULL)
		return registry_refuse(why,
		    "\"%.80s\" is no address: write user@domain, or give "
		    "--domain",
		    row->name);
	switch (directory_user(d, row->name, &a, &c->user)) {
	case DIRECTORY_OK:
		break;
	case DIRECTORY_NO_USER:
		*became = WIRE_IMPORT_ADDED;
		memset(&c->user, 0, sizeof(c->user));
		if (!is_loose)
			result = registry_user_check(d, row->name, 1, why);
		else if (address_parse(row->name, &a) != ADDRESS_OK)
			result = registry_refuse(
			    why, "\"%.80s\" can't be a name here", row->name);
		break;
	default:
		return REGISTRY_FAILED;
	}
	if (result == REGISTRY_OK && address_parse(row->name, &a) == ADDRESS_OK)
		address_key(&a, key);
	return result;
}

enum registry_result
registry_bulk_user(struct directory *d, const struct registry_bulk_user *row,
    const struct registry_bulk_mode *mode, int *became, char *why)
{
	struct user_change *c = calloc(1, sizeof(*c));
	enum registry_result result;
	char key[KV_KEY_MAX] = "";

	if (c == NULL) {
		log_error("registry.failed", log_errno(ENOMEM));
		return REGISTRY_FAILED;
	}
	result = find_user(d, row, mode->is_loose, c, key, became, why);
	if (result == REGISTRY_OK)
		result =
		    change_user(d, key, c, row, mode->replaces, became, why);
	explicit_bzero(c, sizeof(*c));
	free(c);
	return result;
}

/* An alias as the row has it, and as it is there. */
struct alias_change {
	struct record_targets targets;
	unsigned char was[KV_VALUE_MAX], is[KV_VALUE_MAX];
};

static enum registry_result
change_alias(struct directory *d, const char *name, const char *key,
    struct alias_change *c, int replaces, int *became, char *why)
{
	size_t was = 0, is;

	is = record_put_alias(&c->targets, c->is, sizeof(c->is));
	if (is == 0)
		return registry_refuse(why, "too many or too long targets");
	*became = WIRE_IMPORT_CHANGED;
	switch (kv_get(d->kv, KV_ALIASES, key, c->was, sizeof(c->was), &was)) {
	case KV_NONE:
		*became = WIRE_IMPORT_ADDED;
		break;
	case KV_OK:
		if (was == is && memcmp(c->was, c->is, is) == 0) {
			*became = WIRE_IMPORT_KEPT;
			return REGISTRY_OK;
		}
		if (!replaces)
			return registry_refuse(why,
			    "the alias %.330s is there already, and differs: "
			    "give --replace to change it",
			    name);
		break;
	case KV_FAILED:
		return REGISTRY_FAILED;
	}
	return put(d, KV_ALIASES, key, c->is, is);
}

enum registry_result
registry_bulk_alias(struct directory *d, const char *name,
    const struct record_targets *targets, const struct registry_bulk_mode *mode,
    int *became, char *why)
{
	struct alias_change *c;
	enum registry_result result = REGISTRY_OK;
	char key[KV_KEY_MAX];
	struct address a;

	if (address_parse_catch_all(name, &a) == 0) {
		if (!mode->is_loose)
			result = registry_check_domain(d, a.domain, why);
	} else if (!mode->is_loose) {
		result = registry_check_address(d, name, &a, why);
	} else if (address_parse(name, &a) != ADDRESS_OK) {
		result = registry_refuse(
		    why, "\"%.80s\" can't be a name here", name);
	}
	if (result != REGISTRY_OK)
		return result;
	if ((c = malloc(sizeof(*c))) == NULL) {
		log_error("registry.failed", log_errno(ENOMEM));
		return REGISTRY_FAILED;
	}
	address_key(&a, key);
	result = registry_canonical_targets(targets, &c->targets, why);
	if (result == REGISTRY_OK)
		result =
		    change_alias(d, name, key, c, mode->replaces, became, why);
	free(c);
	return result;
}

enum registry_result
registry_bulk_check(struct directory *d, const char *name,
    const struct record_targets *targets, char *why)
{
	return registry_check_expansion(d, name, targets, why);
}
