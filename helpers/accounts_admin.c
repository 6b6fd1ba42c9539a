#include "accounts_admin.h"
#include "directory_next.h"
#include "log.h"
#include "packet.h"
#include "registry_rule.h"
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Names of one page of a list, and octets that leave room for the last one. */
#define PAGE_NAMES  500
#define PAGE_OCTETS (PACKET_MAX - 1024)

static void
refuse(struct request **q, const char *why)
{
	struct packet fields;

	packet_init(&fields, (*q)->packet.head.type);
	packet_put_text(&fields, why);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

int
accounts_end_change(struct request **q, const char *event, const char *name,
    enum registry_result result, const char *why)
{
	switch (result) {
	case REGISTRY_OK:
		log_info(event, log_text("name", name));
		request_reply(q, PACKET_OK, NULL);
		break;
	case REGISTRY_REFUSED:
		refuse(q, why);
		break;
	case REGISTRY_FAILED:
		accounts_fail(q);
		break;
	}
	return 0;
}

int
accounts_check_domain(struct request **q, const char *domain)
{
	char canonical[ADDRESS_DOMAIN_MAX + 1], why[REGISTRY_WHY_MAX];
	enum directory_result result = DIRECTORY_FOREIGN;

	if (domain[0] == '\0')
		return 0;
	if (address_parse_domain(domain, canonical) == 0)
		result = directory_has_domain(&accounts.directory, canonical);
	switch (result) {
	case DIRECTORY_OK:
		return 0;
	case DIRECTORY_FAILED:
		accounts_fail(q);
		return -1;
	default:
		break;
	}
	snprintf(why, sizeof(why),
	    "%s is none of our domains: mailctl domain list tells them",
	    domain);
	refuse(q, why);
	return -1;
}

void
accounts_get_targets(struct packet *p, struct record_targets *to)
{
	uint32_t i;

	to->count = packet_get_u32(p);
	if (to->count > WIRE_TARGETS_MAX) {
		p->error = EBADMSG;
		to->count = 0;
	}
	for (i = 0; i < to->count; i++)
		packet_get_text(p, to->names[i], sizeof(to->names[i]));
}

/* Of a request that is a name alone: 0, or -1 where it is malformed. */
static int
get_name(struct request *q, char name[WIRE_NAME_MAX])
{
	packet_get_text(&q->packet, name, WIRE_NAME_MAX);
	return packet_end(&q->packet);
}

/* A change whose request is a name alone. */
static int
change_name(struct request *q, const char *event,
    enum registry_result (*change)(
	struct directory *d, const char *name, char *why))
{
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];

	if (get_name(q, name) == -1)
		return -1;
	return accounts_end_change(
	    &q, event, name, change(&accounts.directory, name, why), why);
}

int
answer_domain_add(struct request *q)
{
	return change_name(q, "domain.added", registry_domain_add);
}

int
answer_domain_del(struct request *q)
{
	return change_name(q, "domain.deleted", registry_domain_del);
}

int
answer_alias_del(struct request *q)
{
	return change_name(q, "alias.deleted", registry_alias_del);
}

int
answer_rule_del(struct request *q)
{
	return change_name(q, "rule.deleted", registry_rule_del);
}

/* A page of names under a count that is known only when they are put. */
struct page {
	struct packet names;
	uint32_t count;
};

static int
page_is_full(const struct page *page)
{
	return page->count == PAGE_NAMES || page->names.length > PAGE_OCTETS;
}

/* Answers with the page, or with the failure that ended it; *q is freed. */
static void
reply_page(struct request **q, struct page *page, enum directory_result result)
{
	struct packet fields;
	uint32_t i;

	if (result == DIRECTORY_FAILED) {
		accounts_fail(q);
		packet_free(&page->names);
		return;
	}
	packet_init(&fields, (*q)->packet.head.type);
	packet_put_u32(&fields, page->count);
	page->names.at = 0;
	for (i = 0; page->names.at < page->names.length; i++) {
		size_t length;
		const void *text =
		    packet_get_data(&page->names, PACKET_MAX, &length);

		packet_put_data(&fields, text, length);
	}
	if (page->names.error != 0)
		fields.error = page->names.error;
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
	packet_free(&page->names);
}

/* Puts a name and a text about it: 0, or -1 where they are for the next page.
 */
static int
page_put_pair(struct page *page, const char *name, const char *text)
{
	if (page->count > 0 && page->names.length + strlen(text) > PAGE_OCTETS)
		return -1;
	packet_put_text(&page->names, name);
	packet_put_text(&page->names, text);
	page->count++;
	return 0;
}

int
answer_domain_list(struct request *q)
{
	enum directory_result result = DIRECTORY_OK;
	char name[WIRE_NAME_MAX];
	struct page page = {.count = 0};

	if (get_name(q, name) == -1)
		return -1;
	packet_init(&page.names, WIRE_DOMAIN_LIST);
	while (!page_is_full(&page)) {
		result = directory_next_domain(&accounts.directory, name, name);
		if (result != DIRECTORY_OK)
			break;
		packet_put_text(&page.names, name);
		page.count++;
	}
	reply_page(&q, &page, result);
	return 0;
}

int
answer_user_list(struct request *q)
{
	enum directory_result result = DIRECTORY_OK;
	char name[WIRE_NAME_MAX], domain[WIRE_NAME_MAX];
	struct page page = {.count = 0};

	packet_get_text(&q->packet, name, sizeof(name));
	packet_get_text(&q->packet, domain, sizeof(domain));
	if (packet_end(&q->packet) == -1)
		return -1;
	if (accounts_check_domain(&q, domain) == -1)
		return 0;
	packet_init(&page.names, WIRE_USER_LIST);
	while (!page_is_full(&page)) {
		result = directory_next_user(
		    &accounts.directory, name, domain, name);
		if (result != DIRECTORY_OK)
			break;
		packet_put_text(&page.names, name);
		page.count++;
	}
	reply_page(&q, &page, result);
	return 0;
}

/* The targets as people read them. */
static void
join(const struct record_targets *targets, char *to, size_t size)
{
	size_t at = 0;
	unsigned i;

	to[0] = '\0';
	for (i = 0; i < targets->count && at < size; i++)
		at += (size_t)snprintf(to + at, size - at, "%s%s",
		    i == 0 ? "" : ", ", targets->names[i]);
}

/* Nothing waits while these hold something; too large for a fiber's stack. */
static struct record_targets targets;
static char joined[WIRE_TARGETS_MAX * (WIRE_NAME_MAX + 2) + 16];
static struct rule rule;

int
answer_alias_list(struct request *q)
{
	enum directory_result result = DIRECTORY_OK;
	char name[WIRE_NAME_MAX];
	struct page page = {.count = 0};

	if (get_name(q, name) == -1)
		return -1;
	packet_init(&page.names, WIRE_ALIAS_LIST);
	while (!page_is_full(&page)) {
		result = directory_next_alias(
		    &accounts.directory, name, name, &targets);
		if (result != DIRECTORY_OK)
			break;
		join(&targets, joined, sizeof(joined));
		if (page_put_pair(&page, name, joined) == -1)
			break;
	}
	reply_page(&q, &page, result);
	return 0;
}

/* As struct list_report's say. */
static void
add_fault(void *arg, const char *text)
{
	struct page *page = arg;

	/* The last one is for what it all comes to. */
	if (page->count == WIRE_FAULTS_MAX - 1)
		return;
	packet_put_text(&page->names, text);
	page->count++;
}

int
answer_alias_check(struct request *q)
{
	static const char *const wrongs[] = {
	    [DIRECTORY_FOREIGN] = "its domain is none of ours",
	    [DIRECTORY_NO_USER] = "leads to nobody",
	    [DIRECTORY_LOOP] = "a loop, or more than it may lead to",
	    [DIRECTORY_BAD_LIST] = "a list can't be used: mail gets 451",
	    [DIRECTORY_FAILED] = NULL,
	};
	struct directory *d = &accounts.directory;
	enum directory_result result;
	char name[WIRE_NAME_MAX], text[WIRE_NAME_MAX + 64];
	struct page page = {.count = 0};
	const struct list_report report = {add_fault, &page};

	if (get_name(q, name) == -1)
		return -1;
	packet_init(&page.names, WIRE_ALIAS_CHECK);
	d->report = &report;
	result = directory_lookup(d, name, &targets);
	d->report = NULL;
	if (wrongs[result] != NULL) {
		snprintf(text, sizeof(text), "%s: %s", name, wrongs[result]);
		packet_put_text(&page.names, text);
		page.count++;
	}
	reply_page(&q, &page, result);
	return 0;
}

int
answer_alias_add(struct request *q)
{
	char address[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];

	packet_get_text(&q->packet, address, sizeof(address));
	accounts_get_targets(&q->packet, &targets);
	if (packet_end(&q->packet) == -1)
		return -1;
	return accounts_end_change(&q, "alias.added", address,
	    registry_alias_add(&accounts.directory, address, &targets, why),
	    why);
}

int
answer_rule_set(struct request *q)
{
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];

	packet_get_text(&q->packet, name, sizeof(name));
	rule.kind = packet_get_u8(&q->packet);
	accounts_get_targets(&q->packet, &rule.senders);
	if (packet_end(&q->packet) == -1 ||
	    (rule.kind != WIRE_RULE_ONLY && rule.kind != WIRE_RULE_NOT))
		return -1;
	return accounts_end_change(&q, "rule.set", name,
	    registry_rule_set(&accounts.directory, name, &rule, why), why);
}

int
answer_rule_list(struct request *q)
{
	enum directory_result result = DIRECTORY_OK;
	char name[WIRE_NAME_MAX];
	struct page page = {.count = 0};
	size_t head;

	if (get_name(q, name) == -1)
		return -1;
	packet_init(&page.names, WIRE_RULE_LIST);
	while (!page_is_full(&page)) {
		result = rule_next(accounts.directory.kv, name, name, &rule);
		if (result != DIRECTORY_OK)
			break;
		head = (size_t)snprintf(joined, sizeof(joined), "%s ",
		    rule.kind == WIRE_RULE_ONLY ? "only" : "not");
		join(&rule.senders, joined + head, sizeof(joined) - head);
		if (page_put_pair(&page, name, joined) == -1)
			break;
	}
	reply_page(&q, &page, result);
	return 0;
}
