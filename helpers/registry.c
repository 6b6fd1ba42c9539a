#include "registry.h"
#include "log.h"
#include "registry_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands in the domains table: a version, and room for more. */
static const unsigned char domain_record[] = {1};

enum registry_result
registry_refuse(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, REGISTRY_WHY_MAX, format, ap);
	va_end(ap);
	return REGISTRY_REFUSED;
}

/* Ends the transaction with what its one change came to. */
static enum registry_result
finish(struct directory *d, enum kv_status status)
{
	if (status == KV_OK && kv_commit(d->kv) == KV_OK)
		return REGISTRY_OK;
	kv_abort(d->kv);
	return REGISTRY_FAILED;
}

enum registry_result
registry_put(struct directory *d, enum kv_table table, const char *key,
    const void *value, size_t length)
{
	if (kv_begin(d->kv) != KV_OK)
		return REGISTRY_FAILED;
	return finish(d, kv_put(d->kv, table, key, value, length));
}

/* In the transaction that took a name away. */
static enum kv_status
delete_rule(struct directory *d, const char *key)
{
	enum kv_status status = registry_has_name(d, key);

	if (status != KV_NONE)
		return status;
	status = kv_delete(d->kv, KV_RULES, key);
	return status == KV_NONE ? KV_OK : status;
}

enum registry_result
registry_delete(struct directory *d, enum kv_table table, const char *key)
{
	enum kv_status status;

	if (kv_begin(d->kv) != KV_OK)
		return REGISTRY_FAILED;
	status = kv_delete(d->kv, table, key);
	if (status == KV_OK && table != KV_RULES)
		status = delete_rule(d, key);
	return finish(d, status);
}

enum registry_result
registry_check_domain(struct directory *d, const char *domain, char *why)
{
	switch (directory_has_domain(d, domain)) {
	case DIRECTORY_OK:
		return REGISTRY_OK;
	case DIRECTORY_FOREIGN:
		return registry_refuse(why,
		    "%s is none of our domains; add it with: "
		    "mailctl domain add %s",
		    domain, domain);
	default:
		return REGISTRY_FAILED;
	}
}

enum registry_result
registry_check_address(
    struct directory *d, const char *text, struct address *a, char *why)
{
	switch (address_parse(text, a)) {
	case ADDRESS_OK:
		return registry_check_domain(d, a->domain, why);
	case ADDRESS_BAD_LOCAL:
		return registry_refuse(why,
		    "\"%.80s\" can't be a name here: 1 to 64 letters, digits "
		    "and .!#$%%&'*+-=?^_`{|}~ before the @, with no dot at "
		    "either end and no two in a row",
		    text);
	case ADDRESS_BAD:
		break;
	}
	return registry_refuse(
	    why, "\"%.80s\" is no address: write user@domain", text);
}

enum registry_result
registry_domain_add(struct directory *d, const char *domain, char *why)
{
	char name[ADDRESS_DOMAIN_MAX + 1];

	if (address_parse_domain(domain, name) == -1)
		return registry_refuse(why,
		    "\"%.80s\" is no domain: write it like example.org "
		    "(letters, digits, hyphens and dots; other scripts in "
		    "their xn-- form)",
		    domain);
	switch (directory_has_domain(d, name)) {
	case DIRECTORY_FOREIGN:
		return registry_put(
		    d, KV_DOMAINS, name, domain_record, sizeof(domain_record));
	case DIRECTORY_OK:
		return registry_refuse(why, "%s is there already", name);
	default:
		return REGISTRY_FAILED;
	}
}

/* Whether a table has a name in this domain, which it would leave behind. */
static enum registry_result
check_unused(struct directory *d, enum kv_table table, const char *kind,
    const struct address *domain, char *why)
{
	char prefix[KV_KEY_MAX], key[KV_KEY_MAX];

	address_key(domain, prefix);
	switch (kv_next(d->kv, table, prefix, key, NULL, 0, NULL)) {
	case KV_OK:
		break;
	case KV_NONE:
		return REGISTRY_OK;
	case KV_FAILED:
		return REGISTRY_FAILED;
	}
	if (strncmp(key, prefix, strlen(prefix)) != 0)
		return REGISTRY_OK;
	return registry_refuse(why,
	    "%s still has the %s %s@%s; delete its users and aliases first",
	    domain->domain, kind, key + strlen(prefix), domain->domain);
}

/* Its key is no more than the prefix of the others. */
static enum registry_result
check_no_catch_all(struct directory *d, const struct address *domain, char *why)
{
	char key[KV_KEY_MAX];

	address_key(domain, key);
	switch (registry_has_alias(d, key)) {
	case KV_OK:
		return registry_refuse(why,
		    "%s still has the alias @%s; delete its users and aliases "
		    "first",
		    domain->domain, domain->domain);
	case KV_NONE:
		return REGISTRY_OK;
	default:
		return REGISTRY_FAILED;
	}
}

enum registry_result
registry_domain_del(struct directory *d, const char *domain, char *why)
{
	struct address a = {.local = ""};
	enum registry_result result;

	if (address_parse_domain(domain, a.domain) == -1)
		return registry_refuse(why, "\"%.80s\" is no domain", domain);
	result = registry_check_domain(d, a.domain, why);
	if (result == REGISTRY_REFUSED)
		registry_refuse(why, "%s is none of our domains", a.domain);
	if (result == REGISTRY_OK)
		result = check_unused(d, KV_USERS, "user", &a, why);
	if (result == REGISTRY_OK)
		result = check_unused(d, KV_ALIASES, "alias", &a, why);
	if (result == REGISTRY_OK)
		result = check_no_catch_all(d, &a, why);
	if (result == REGISTRY_OK)
		result = registry_delete(d, KV_DOMAINS, a.domain);
	return result;
}

enum kv_status
registry_has(struct directory *d, enum kv_table table, const char *key)
{
	enum kv_status status = KV_FAILED;
	unsigned char *value;
	size_t length;

	if ((value = malloc(KV_VALUE_MAX)) == NULL) {
		log_error("registry.failed", log_errno(ENOMEM));
		return KV_FAILED;
	}
	status = kv_get(d->kv, table, key, value, KV_VALUE_MAX, &length);
	explicit_bzero(value, KV_VALUE_MAX);
	free(value);
	return status;
}

enum kv_status
registry_has_alias(struct directory *d, const char *key)
{
	return registry_has(d, KV_ALIASES, key);
}

enum kv_status
registry_has_name(struct directory *d, const char *key)
{
	enum kv_status status = registry_has_alias(d, key);

	return status == KV_NONE ? registry_has(d, KV_USERS, key) : status;
}

static enum registry_result
why_target(enum directory_result result, const char *target, char *why)
{
	switch (result) {
	case DIRECTORY_OK:
		return REGISTRY_OK;
	case DIRECTORY_FOREIGN:
		return registry_refuse(why,
		    "the target %.200s is in none of our domains, and mail is "
		    "not relayed to others",
		    target);
	case DIRECTORY_NO_USER:
		return registry_refuse(why,
		    "the target %.200s is no user and no alias; add it first",
		    target);
	case DIRECTORY_LOOP:
		return registry_refuse(why,
		    "this would make a loop, or a chain of more than %d "
		    "aliases, or reach more than %d mailboxes",
		    DIRECTORY_DEPTH, WIRE_TARGETS_MAX);
	case DIRECTORY_BAD_LIST:
		return registry_refuse(why,
		    "the list %.100s can't be used: mailctl alias check and "
		    "the log say why",
		    target);
	case DIRECTORY_FAILED:
		break;
	}
	return REGISTRY_FAILED;
}

enum registry_result
registry_check_expansion(struct directory *d, const char *name,
    const struct record_targets *targets, char *why)
{
	struct record_targets *reached;
	enum registry_result result = REGISTRY_OK;
	enum directory_result one;
	unsigned i;

	if ((reached = malloc(sizeof(*reached))) == NULL) {
		log_error("registry.failed", log_errno(ENOMEM));
		return REGISTRY_FAILED;
	}
	for (i = 0; i < targets->count && result == REGISTRY_OK; i++) {
		one = directory_lookup_target(d, targets->names[i], reached);
		result = why_target(one, targets->names[i], why);
	}
	if (result == REGISTRY_OK)
		result =
		    why_target(directory_lookup(d, name, reached), name, why);
	free(reached);
	return result;
}

enum registry_result
registry_canonical_targets(const struct record_targets *given,
    struct record_targets *targets, char *why)
{
	struct address a;
	unsigned i;

	targets->count = 0;
	for (i = 0; i < given->count; i++) {
		if (list_name(given->names[i]) != NULL)
			memcpy(
			    targets->names[i], given->names[i], WIRE_NAME_MAX);
		else if (address_parse(given->names[i], &a) == ADDRESS_OK)
			address_name(&a, targets->names[i]);
		else
			return registry_refuse(why,
			    "the target \"%.80s\" is no address: write "
			    "user@domain, or :include:NAME for a list",
			    given->names[i]);
		targets->count++;
	}
	if (targets->count == 0)
		return registry_refuse(why, "an alias needs a target");
	return REGISTRY_OK;
}

struct alias_change {
	char key[KV_KEY_MAX];
	char name[WIRE_NAME_MAX];
	struct record_targets targets;
	unsigned char value[KV_VALUE_MAX];
};

static enum registry_result
add_alias(struct directory *d, struct alias_change *c, char *why)
{
	enum registry_result result;
	size_t length;

	length = record_put_alias(&c->targets, c->value, sizeof(c->value));
	if (length == 0)
		return registry_refuse(why, "too many or too long targets");
	if (kv_begin(d->kv) != KV_OK)
		return REGISTRY_FAILED;
	if (kv_put(d->kv, KV_ALIASES, c->key, c->value, length) != KV_OK)
		return finish(d, KV_FAILED);
	result = registry_check_expansion(d, c->name, &c->targets, why);
	if (result == REGISTRY_OK)
		return finish(d, KV_OK);
	kv_abort(d->kv);
	return result;
}

enum registry_result
registry_alias_add(struct directory *d, const char *address,
    const struct record_targets *targets, char *why)
{
	enum registry_result result;
	struct alias_change *c;
	struct address a;

	if (address_parse_catch_all(address, &a) == 0)
		result = registry_check_domain(d, a.domain, why);
	else
		result = registry_check_address(d, address, &a, why);
	if (result != REGISTRY_OK)
		return result;
	if ((c = malloc(sizeof(*c))) == NULL) {
		log_error("registry.failed", log_errno(ENOMEM));
		return REGISTRY_FAILED;
	}
	address_key(&a, c->key);
	address_name(&a, c->name);
	switch (registry_has_alias(d, c->key)) {
	case KV_OK:
		result = registry_refuse(why,
		    "the alias %s is there already; delete it first", c->name);
		break;
	case KV_FAILED:
		result = REGISTRY_FAILED;
		break;
	case KV_NONE:
		result = registry_canonical_targets(targets, &c->targets, why);
		if (result == REGISTRY_OK)
			result = add_alias(d, c, why);
	}
	free(c);
	return result;
}

enum registry_result
registry_alias_del(struct directory *d, const char *address, char *why)
{
	char key[KV_KEY_MAX];
	struct address a;

	if (address_parse_catch_all(address, &a) == 0 ||
	    address_parse(address, &a) == ADDRESS_OK) {
		address_key(&a, key);
		switch (registry_has_alias(d, key)) {
		case KV_OK:
			return registry_delete(d, KV_ALIASES, key);
		case KV_FAILED:
			return REGISTRY_FAILED;
		case KV_NONE:
			break;
		}
	}
	return registry_refuse(why, "there is no alias %.330s", address);
}
