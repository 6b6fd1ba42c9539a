#include "rule.h"

#include "directory_next.h"
#include "log.h"

#include <stdio.h>
#include <string.h>

enum { VERSION_1 = 1 };

/* Nothing waits while these hold something; too large for a fiber's stack. */
static struct rule found;
static unsigned char value[RULE_VALUE_MAX];

size_t
rule_put(const struct rule *rule, unsigned char *to, size_t size)
{
	size_t length;

	if (size < 2)
		return 0;
	to[0] = VERSION_1;
	to[1] = (unsigned char)rule->kind;
	if (rule->senders.count == 0)
		return 2;
	/* The octet before the texts is the version of their own. */
	length = record_put_alias(&rule->senders, to + 2, size - 2);
	return length > 0 ? 2 + length : 0;
}

int
rule_get(struct rule *rule, const unsigned char *from, size_t length)
{
	rule->senders.count = 0;
	if (length < 2 || from[0] != VERSION_1 ||
	    (from[1] != WIRE_RULE_ONLY && from[1] != WIRE_RULE_NOT))
		return -1;
	rule->kind = from[1];
	if (length == 2)
		return 0;
	return record_get_alias(&rule->senders, from + 2, length - 2);
}

/* The rule under key, into `found`. */
static enum kv_status
find(struct kv *kv, const char *key)
{
	enum kv_status status;
	size_t length;

	status = kv_get(kv, KV_RULES, key, value, sizeof(value), &length);
	if (status == KV_OK && rule_get(&found, value, length) == -1) {
		log_error("rule.damaged", log_text("key", key));
		return KV_FAILED;
	}
	return status;
}

static int
is_named(const char *item, const struct rule_sender *s, const struct address *a,
    const char *name)
{
	if (strcmp(item, RULE_LOGINS) == 0)
		return s->is_login;
	if (strcmp(item, RULE_NULL) == 0)
		return s->address[0] == '\0';
	if (item[0] == '@')
		return a->domain[0] != '\0' && strcmp(item + 1, a->domain) == 0;
	return strcmp(item, name) == 0;
}

static int
is_listed(const struct rule *rule, const struct rule_sender *s)
{
	char name[WIRE_NAME_MAX] = "";
	struct address a;
	unsigned i;

	/* A local part that is no name here still has its domain. */
	if (address_parse(s->address, &a) == ADDRESS_OK)
		address_name(&a, name);
	for (i = 0; i < rule->senders.count; i++)
		if (is_named(rule->senders.names[i], s, &a, name))
			return 1;
	return 0;
}

/* The rule for an entry: its own, or its domain's, whose key is then left in
 * key[KV_KEY_MAX]. */
static enum kv_status
find_for(struct kv *kv, char *key)
{
	enum kv_status status = find(kv, key);

	if (status == KV_NONE) {
		key[strcspn(key, "/")] = '\0';
		status = find(kv, key);
	}
	return status;
}

enum rule_result
rule_check(struct kv *kv, const char *key, const struct rule_sender *s)
{
	char own[KV_KEY_MAX];

	if (key[0] == '\0')
		return RULE_PASSES;
	snprintf(own, sizeof(own), "%s", key);
	switch (find_for(kv, own)) {
	case KV_NONE:
		return RULE_PASSES;
	case KV_FAILED:
		return RULE_FAILED;
	case KV_OK:
		break;
	}
	return is_listed(&found, s) == (found.kind == WIRE_RULE_ONLY)
		   ? RULE_PASSES
		   : RULE_DENIES;
}

static int
find_key(const char *name,
    enum address_status (*parse)(const char *text, struct address *a),
    struct address *a, char *key)
{
	a->local[0] = a->domain[0] = '\0';
	if (strchr(name, '@') == NULL) {
		if (address_parse_domain(name, a->domain) == -1)
			return -1;
		snprintf(key, KV_KEY_MAX, "%s", a->domain);
		return 0;
	}
	if (address_parse_catch_all(name, a) == -1 &&
	    parse(name, a) != ADDRESS_OK)
		return -1;
	address_key(a, key);
	return 0;
}

int
rule_key(const char *name, struct address *a, char *key)
{
	return find_key(name, address_parse, a, key);
}

/* And back. */
static int
name_of(const char *key, char name[WIRE_NAME_MAX])
{
	struct address a;

	if (address_from_key(key, &a) == 0)
		address_name(&a, name);
	else if (strlen(key) <= ADDRESS_DOMAIN_MAX)
		snprintf(name, WIRE_NAME_MAX, "%s", key);
	else
		return -1;
	return 0;
}

enum directory_result
rule_which(
    struct kv *kv, const char *key, char name[WIRE_NAME_MAX], struct rule *rule)
{
	char own[KV_KEY_MAX];

	if (key[0] == '\0')
		return DIRECTORY_NO_USER;
	snprintf(own, sizeof(own), "%s", key);
	switch (find_for(kv, own)) {
	case KV_NONE:
		return DIRECTORY_NO_USER;
	case KV_FAILED:
		return DIRECTORY_FAILED;
	case KV_OK:
		break;
	}
	*rule = found;
	return name_of(own, name) == 0 ? DIRECTORY_OK : DIRECTORY_FAILED;
}

enum directory_result
rule_next(struct kv *kv, const char *after, char name[WIRE_NAME_MAX],
    struct rule *rule)
{
	char from[KV_KEY_MAX] = "", key[KV_KEY_MAX];
	struct address a;
	size_t length;
	enum directory_result result;

	if (after[0] != '\0' &&
	    find_key(after, address_parse_stored, &a, from) == -1)
		return DIRECTORY_NO_USER;
	result = directory_next_key(
	    kv, KV_RULES, from, key, value, sizeof(value), &length);
	if (result != DIRECTORY_OK)
		return result;
	if (name_of(key, name) == -1 || rule_get(rule, value, length) == -1) {
		log_error("rule.damaged", log_text("key", key));
		return DIRECTORY_FAILED;
	}
	return DIRECTORY_OK;
}
