#include "directory.h"
#include "directory_next.h"
#include "directory_user.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses that one look-up visits at most, doubles included. */
#define VISITS_MAX 1000

/* What stands under one address; too large for a fiber's stack. */
struct step {
	struct address address; /* without "+detail" where that was cut */
	char key[KV_KEY_MAX];
	char name[WIRE_NAME_MAX];
	struct record_targets alias; /* of which the first `next` are done */
	unsigned next;
	int fresh;	/* nothing is done yet */
	int found;	/* one of them came down to a mailbox */
	int postmaster; /* no alias, but the conf's postmaster */
	unsigned char value[KV_VALUE_MAX];
};

/* A look-up: the aliases that lead to where it is, the outermost first. */
struct expansion {
	struct directory *d;
	struct record_targets *targets;
	unsigned visits, depth;
	struct step *steps[DIRECTORY_DEPTH];
};

enum found { FOUND_NONE, FOUND_ALIAS, FOUND_USER, FOUND_FAILED };

static enum directory_result
no_memory(void)
{
	log_error("directory.failed", log_errno(ENOMEM));
	return DIRECTORY_FAILED;
}

static enum directory_result
damaged(const char *key)
{
	log_error("directory.damaged", log_text("key", key));
	return DIRECTORY_FAILED;
}

enum directory_result
directory_has_domain(struct directory *d, const char *domain)
{
	unsigned char value[RECORD_USER_MAX];
	size_t length;

	switch (
	    kv_get(d->kv, KV_DOMAINS, domain, value, sizeof(value), &length)) {
	case KV_OK:
		return DIRECTORY_OK;
	case KV_NONE:
		return DIRECTORY_FOREIGN;
	case KV_FAILED:
		break;
	}
	return DIRECTORY_FAILED;
}

static enum found
find_user(struct directory *d, const char *key)
{
	struct record_user user;
	enum directory_result result;

	result = directory_user_get(d, key, &user);
	explicit_bzero(&user, sizeof(user));
	if (result == DIRECTORY_OK)
		return FOUND_USER;
	return result == DIRECTORY_NO_USER ? FOUND_NONE : FOUND_FAILED;
}

/* What stands under exactly s->address. */
static enum found
find_exactly(struct directory *d, struct step *s)
{
	enum kv_status status;
	size_t length;

	address_key(&s->address, s->key);
	address_name(&s->address, s->name);
	status = kv_get(
	    d->kv, KV_ALIASES, s->key, s->value, sizeof(s->value), &length);
	if (status == KV_NONE)
		return find_user(d, s->key);
	if (status == KV_FAILED)
		return FOUND_FAILED;
	if (record_get_alias(&s->alias, s->value, length) == -1) {
		damaged(s->key);
		return FOUND_FAILED;
	}
	return FOUND_ALIAS;
}

/* RFC 5233: the same, then without the detail behind the separator. */
static enum found
find(struct directory *d, struct step *s)
{
	enum found found;
	char *detail;

	found = find_exactly(d, s);
	if (found != FOUND_NONE || d->separator == '\0' ||
	    s->address.local[0] == '\0')
		return found;
	if ((detail = strchr(s->address.local + 1, d->separator)) == NULL)
		return FOUND_NONE;
	*detail = '\0';
	return find_exactly(d, s);
}

static enum directory_result
add_target(struct expansion *e, const char *name)
{
	struct record_targets *t = e->targets;
	unsigned i;

	for (i = 0; i < t->count; i++) {
		if (strcmp(t->names[i], name) == 0)
			return DIRECTORY_OK;
	}
	if (t->count == WIRE_TARGETS_MAX) {
		log_warn("alias.too_many", log_int("limit", WIRE_TARGETS_MAX));
		return DIRECTORY_LOOP;
	}
	snprintf(t->names[t->count++], WIRE_NAME_MAX, "%s", name);
	return DIRECTORY_OK;
}

/* The mailbox that an alias of the same name stands before. */
static enum directory_result
add_own(struct expansion *e, const struct step *s)
{
	switch (find_user(e->d, s->key)) {
	case FOUND_USER:
		return add_target(e, s->name);
	case FOUND_NONE:
		return DIRECTORY_NO_USER;
	default:
		return DIRECTORY_FAILED;
	}
}

/* Whoever reads a postmaster's mail where nothing else is said. */
static enum directory_result
add_first_user(struct expansion *e, const char *domain)
{
	enum directory_result result;
	char name[WIRE_NAME_MAX];

	result = directory_next_user(e->d, "", domain, name);
	if (result == DIRECTORY_NO_USER)
		result = directory_next_user(e->d, "", "", name);
	return result == DIRECTORY_OK ? add_target(e, name) : result;
}

/* RFC 5321 4.5.1: a postmaster who is nobody's name.  *opened: s is a step. */
static enum directory_result
visit_postmaster(struct expansion *e, struct step *s, int *opened)
{
	struct address conf;

	if (address_parse(e->d->postmaster, &conf) != ADDRESS_OK)
		return add_first_user(e, s->address.domain);
	address_name(&conf, s->alias.names[0]);
	if (strcmp(s->alias.names[0], s->name) == 0)
		return add_first_user(e, s->address.domain);
	s->alias.count = 1;
	s->postmaster = *opened = 1;
	return DIRECTORY_OK;
}

static int
is_postmaster(const struct step *s)
{
	return strcmp(s->address.local, "postmaster") == 0;
}

/*
 * What has no name of its own: the domain's catch-all, but for the postmaster
 * where the conf names one, and where it leads nowhere.
 */
static enum found
find_catch_all(struct directory *d, struct step *s)
{
	char local[sizeof(s->address.local)];
	enum found found;

	if (is_postmaster(s) && d->postmaster[0] != '\0')
		return FOUND_NONE;
	s->postmaster = is_postmaster(s);
	memcpy(local, s->address.local, sizeof(local));
	s->address.local[0] = '\0';
	found = find_exactly(d, s);
	if (found == FOUND_NONE) {
		memcpy(s->address.local, local, sizeof(local));
		address_key(&s->address, s->key);
		address_name(&s->address, s->name);
		s->postmaster = 0;
	}
	return found;
}

static int
is_under_way(const struct expansion *e, const char *key)
{
	unsigned i;

	for (i = 0; i < e->depth; i++)
		if (strcmp(e->steps[i]->key, key) == 0)
			return 1;
	return 0;
}

/* What an address comes to; *opened: that is for the targets of s to say. */
static enum directory_result
visit_step(struct expansion *e, struct step *s, int *opened)
{
	enum directory_result result;
	enum found found;

	result = directory_has_domain(e->d, s->address.domain);
	if (result != DIRECTORY_OK)
		return result;
	found = find(e->d, s);
	if (is_under_way(e, s->key))
		return DIRECTORY_LOOP;
	if (found == FOUND_NONE) {
		found = find_catch_all(e->d, s);
		/* A target of its own that is no more. */
		if (found != FOUND_NONE && is_under_way(e, s->key))
			return DIRECTORY_NO_USER;
	}
	if (e->visits == 1 && !s->postmaster && !is_postmaster(s))
		memcpy(e->d->matched, s->key, sizeof(s->key));
	switch (found) {
	case FOUND_USER:
		return add_target(e, s->name);
	case FOUND_ALIAS:
		*opened = 1;
		return DIRECTORY_OK;
	case FOUND_FAILED:
		return DIRECTORY_FAILED;
	case FOUND_NONE:
		break;
	}
	if (is_postmaster(s))
		return visit_postmaster(e, s, opened);
	return DIRECTORY_NO_USER;
}

/* What a list comes to: likewise. */
static enum directory_result
visit_list(struct expansion *e, const char *target, struct step *s, int *opened)
{
	const char *name = list_name(target);

	snprintf(s->key, sizeof(s->key), "%s", target);
	snprintf(s->name, sizeof(s->name), "%s", target);
	if (is_under_way(e, s->key))
		return DIRECTORY_LOOP;
	if (name == NULL ||
	    list_read(e->d->lists, name, &s->alias, e->d->report) == -1)
		return DIRECTORY_BAD_LIST;
	*opened = 1;
	return DIRECTORY_OK;
}

/* Visits an address, or the list that is a target. */
static enum directory_result
visit(struct expansion *e, const struct address *a, const char *list)
{
	enum directory_result result;
	struct step *s;
	int opened = 0;

	if (e->depth == DIRECTORY_DEPTH || ++e->visits > VISITS_MAX)
		return DIRECTORY_LOOP;
	if ((s = malloc(sizeof(*s))) == NULL)
		return no_memory();
	s->address = *a;
	s->next = 0;
	s->found = s->postmaster = 0;
	s->fresh = 1;
	if (list != NULL)
		result = visit_list(e, list, s, &opened);
	else
		result = visit_step(e, s, &opened);
	if (opened)
		e->steps[e->depth++] = s;
	else
		free(s);
	return result;
}

static enum directory_result
visit_target(struct expansion *e, const char *target)
{
	struct address a = {.local = ""};

	if (list_is_target(target))
		return visit(e, &a, target);
	if (address_parse(target, &a) != ADDRESS_OK)
		return DIRECTORY_NO_USER;
	return visit(e, &a, NULL);
}

static enum directory_result
visit_next(struct expansion *e, struct step *s)
{
	const char *target = s->alias.names[s->next++];

	if (strcmp(target, s->name) == 0 && !list_is_target(target))
		return add_own(e, s);
	return visit_target(e, target);
}

/* What ends a look-up, but for a postmaster's. */
static int
is_end(enum directory_result result)
{
	return result == DIRECTORY_LOOP || result == DIRECTORY_BAD_LIST ||
	       result == DIRECTORY_FAILED;
}

static void
report_dangling(const struct expansion *e, const struct step *s)
{
	const struct list_report *report = e->d->report;
	const char *target = s->alias.names[s->next - 1];
	char text[2 * WIRE_NAME_MAX + 32];

	if (report == NULL) {
		log_warn("alias.dangling", log_text("alias", s->name),
		    log_text("target", target));
		return;
	}
	snprintf(
	    text, sizeof(text), "%s: %s leads to nobody here", s->name, target);
	report->say(report->arg, text);
}

/* Notes what the target of s that was visited last came to. */
static void
note(const struct expansion *e, struct step *s, enum directory_result result)
{
	if (s->fresh)
		s->fresh = 0; /* there was none */
	else if (result == DIRECTORY_OK)
		s->found = 1;
	else if (result == DIRECTORY_NO_USER || result == DIRECTORY_FOREIGN ||
		 s->postmaster)
		report_dangling(e, s);
}

/* Leaves the last step: what it came to, after result of its last target. */
static enum directory_result
leave(struct expansion *e, enum directory_result result)
{
	struct step *s = e->steps[--e->depth];

	if (result == DIRECTORY_FAILED || (is_end(result) && !s->postmaster))
		;
	else if (s->found)
		result = DIRECTORY_OK;
	else if (s->postmaster)
		result = add_first_user(e, s->address.domain);
	else
		result = DIRECTORY_NO_USER;
	free(s);
	return result;
}

/* Goes on after the first visit. */
static enum directory_result
expand(struct expansion *e, enum directory_result result)
{
	struct step *s;

	while (e->depth > 0) {
		s = e->steps[e->depth - 1];
		note(e, s, result);
		if (is_end(result) || s->next == s->alias.count)
			result = leave(e, result);
		else
			result = visit_next(e, s);
	}
	return result;
}

/* RFC 5321 4.1.1.3: "postmaster" without a domain. */
static enum directory_result
postmaster_alone(struct directory *d, struct address *a)
{
	enum directory_result result = DIRECTORY_FOREIGN;

	if (address_parse_domain(d->default_domain, a->domain) == 0)
		result = directory_has_domain(d, a->domain);
	if (result == DIRECTORY_FOREIGN) {
		char name[WIRE_NAME_MAX];

		result = directory_next_domain(d, "", name);
		if (result == DIRECTORY_OK)
			address_parse_domain(name, a->domain);
	}
	return result;
}

/* Reads what a client gave as an address. */
static enum directory_result
parse(struct directory *d, const char *text, struct address *a)
{
	memset(a, 0, sizeof(*a));
	/* What no user can have as a name is the catch-all's. */
	if (address_parse(text, a) != ADDRESS_BAD)
		return DIRECTORY_OK;
	if (strchr(text, '@') == NULL &&
	    address_parse_local(text, 0, a->local) == 0 &&
	    strcmp(a->local, "postmaster") == 0)
		return postmaster_alone(d, a);
	return DIRECTORY_FOREIGN;
}

enum directory_result
directory_lookup(
    struct directory *d, const char *address, struct record_targets *targets)
{
	struct expansion e = {.d = d, .targets = targets};
	enum directory_result result;
	struct address a;

	targets->count = 0;
	d->limited = 0;
	d->matched[0] = '\0';
	result = parse(d, address, &a);
	if (result == DIRECTORY_OK)
		result = expand(&e, visit(&e, &a, NULL));
	if (result != DIRECTORY_OK)
		targets->count = 0;
	return result;
}

enum directory_result
directory_lookup_target(
    struct directory *d, const char *target, struct record_targets *targets)
{
	struct expansion e = {.d = d, .targets = targets};
	enum directory_result result;

	targets->count = 0;
	result = expand(&e, visit_target(&e, target));
	if (result != DIRECTORY_OK)
		targets->count = 0;
	return result;
}
