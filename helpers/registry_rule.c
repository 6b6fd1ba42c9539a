#include "registry_rule.h"

#include "log.h"
#include "registry_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether there is something that the rule is for. */
static enum registry_result
check_name(
    struct directory *d, const struct address *a, const char *key, char *why)
{
	enum registry_result result = registry_check_domain(d, a->domain, why);
	char name[WIRE_NAME_MAX];

	if (result != REGISTRY_OK || strchr(key, '/') == NULL)
		return result;
	if (strcmp(a->local, "postmaster") == 0)
		return registry_refuse(why,
		    "all may write to postmaster@%s, as RFC 5321 4.5.1 wants "
		    "it",
		    a->domain);
	address_name(a, name);
	switch (registry_has_name(d, key)) {
	case KV_OK:
		return REGISTRY_OK;
	case KV_NONE:
		return registry_refuse(
		    why, "there is no user and no alias %.330s", name);
	default:
		return REGISTRY_FAILED;
	}
}

/* One sender, canonical, to name[WIRE_NAME_MAX]: 0, or -1 where it is none. */
static int
canonical_sender(const char *text, char *name)
{
	struct address a;

	if (strcmp(text, RULE_LOGINS) == 0 || strcmp(text, RULE_NULL) == 0)
		snprintf(name, WIRE_NAME_MAX, "%s", text);
	else if (address_parse_catch_all(text, &a) == 0 ||
		 address_parse(text, &a) == ADDRESS_OK)
		address_name(&a, name);
	else
		return -1;
	return 0;
}

static enum registry_result
canonical(const struct rule *given, struct rule *rule, char *why)
{
	unsigned i;

	rule->kind = given->kind;
	rule->senders.count = given->senders.count;
	for (i = 0; i < given->senders.count; i++)
		if (canonical_sender(
			given->senders.names[i], rule->senders.names[i]) == -1)
			return registry_refuse(why,
			    "\"%.80s\" is no sender: write user@domain, "
			    "@domain, " RULE_LOGINS " or " RULE_NULL,
			    given->senders.names[i]);
	if (given->kind == WIRE_RULE_NOT && given->senders.count == 0)
		return registry_refuse(why, "nobody is named");
	return REGISTRY_OK;
}

/* Too large for a fiber's stack. */
struct change {
	struct rule rule;
	unsigned char value[RULE_VALUE_MAX];
};

static enum registry_result
put(struct directory *d, const char *key, struct change *c, char *why)
{
	size_t length = rule_put(&c->rule, c->value, sizeof(c->value));

	if (length == 0)
		return registry_refuse(why, "too many or too long senders");
	return registry_put(d, KV_RULES, key, c->value, length);
}

static enum registry_result
find_key(const char *name, struct address *a, char *key, char *why)
{
	if (rule_key(name, a, key) == 0)
		return REGISTRY_OK;
	return registry_refuse(why,
	    "\"%.80s\" is no name: write user@domain, @domain for its "
	    "catch-all, or domain for all of it",
	    name);
}

enum registry_result
registry_rule_set(
    struct directory *d, const char *name, const struct rule *rule, char *why)
{
	enum registry_result result;
	char key[KV_KEY_MAX];
	struct change *c;
	struct address a;

	result = find_key(name, &a, key, why);
	if (result == REGISTRY_OK)
		result = check_name(d, &a, key, why);
	if (result != REGISTRY_OK)
		return result;
	if ((c = malloc(sizeof(*c))) == NULL) {
		log_error("registry.failed", log_errno(ENOMEM));
		return REGISTRY_FAILED;
	}
	result = canonical(rule, &c->rule, why);
	if (result == REGISTRY_OK)
		result = put(d, key, c, why);
	free(c);
	return result;
}

enum registry_result
registry_rule_del(struct directory *d, const char *name, char *why)
{
	enum registry_result result;
	char key[KV_KEY_MAX];
	struct address a;

	result = find_key(name, &a, key, why);
	if (result != REGISTRY_OK)
		return result;
	switch (registry_has(d, KV_RULES, key)) {
	case KV_OK:
		return registry_delete(d, KV_RULES, key);
	case KV_NONE:
		return registry_refuse(why, "%.330s has no rule", name);
	default:
		return REGISTRY_FAILED;
	}
}
