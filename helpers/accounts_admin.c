#include "accounts_admin.h"
#include "accounts_owner.h"
#include "clock.h"
#include "log.h"
#include "packet.h"
#include "password.h"
#include "ring.h"
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Names of one page of a list, and octets that leave room for the last one. */
#define PAGE_NAMES  500
#define PAGE_OCTETS (PACKET_MAX - 1024)
/* How long mailctl waits for a hash, and mailbox may let us wait. */
#define HASH_TIME (20 * CLOCK_SECOND)
#define TELL_TIME (10 * CLOCK_SECOND)

/* Answers a change; *q is freed. */
static void
reply_change(struct request **q, enum registry_result result, const char *why)
{
	struct packet fields;

	switch (result) {
	case REGISTRY_OK:
		request_reply(q, PACKET_OK, NULL);
		return;
	case REGISTRY_REFUSED:
		packet_init(&fields, (*q)->packet.head.type);
		packet_put_text(&fields, why);
		request_reply(q, PACKET_REFUSED, &fields);
		packet_free(&fields);
		return;
	case REGISTRY_FAILED:
		break;
	}
	accounts_fail(q);
}

/* Logs a change that was made. */
static void
log_change(const char *event, enum registry_result result, const char *name)
{
	if (result == REGISTRY_OK)
		log_info(event, log_text("name", name));
}

/*
 * Has mailbox forget what it remembers of this owner.  The change stands
 * already, so a full link is waited for.
 */
static void
tell_changed(const char *name)
{
	int64_t deadline = clock_after(TELL_TIME);
	struct packet tell;
	int sent = -1;

	packet_init(&tell, WIRE_CHANGED);
	packet_put_text(&tell, name);
	while (tell.error == 0) {
		if ((sent = packet_send(accounts.link, &tell)) == 0 ||
		    errno != EAGAIN || clock_now() >= deadline)
			break;
		if (ring_sleep(ring_self(),
			clock_after(50 * CLOCK_MILLISECOND)) == -1 &&
		    errno == ECANCELED)
			break;
	}
	if (sent == -1)
		log_error("link.changed", log_text("name", name),
		    log_errno(tell.error != 0 ? tell.error : errno));
	packet_free(&tell);
}

int
answer_domain_add(struct request *q)
{
	char domain[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	enum registry_result result;

	packet_get_text(&q->packet, domain, sizeof(domain));
	if (packet_end(&q->packet) == -1)
		return -1;
	result = registry_domain_add(&accounts.directory, domain, why);
	log_change("domain.added", result, domain);
	reply_change(&q, result, why);
	return 0;
}

int
answer_domain_del(struct request *q)
{
	char domain[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	enum registry_result result;

	packet_get_text(&q->packet, domain, sizeof(domain));
	if (packet_end(&q->packet) == -1)
		return -1;
	result = registry_domain_del(&accounts.directory, domain, why);
	log_change("domain.deleted", result, domain);
	reply_change(&q, result, why);
	return 0;
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

int
answer_domain_list(struct request *q)
{
	enum directory_result result = DIRECTORY_OK;
	char name[WIRE_NAME_MAX];
	struct page page = {.count = 0};

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
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
static char joined[WIRE_TARGETS_MAX * (WIRE_NAME_MAX + 2)];

int
answer_alias_list(struct request *q)
{
	enum directory_result result = DIRECTORY_OK;
	char name[WIRE_NAME_MAX];
	struct page page = {.count = 0};

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&page.names, WIRE_ALIAS_LIST);
	while (!page_is_full(&page)) {
		result = directory_next_alias(
		    &accounts.directory, name, name, &targets);
		if (result != DIRECTORY_OK)
			break;
		join(&targets, joined, sizeof(joined));
		if (page.count > 0 &&
		    page.names.length + strlen(joined) > PAGE_OCTETS)
			break;
		packet_put_text(&page.names, name);
		packet_put_text(&page.names, joined);
		page.count++;
	}
	reply_page(&q, &page, result);
	return 0;
}

int
answer_alias_add(struct request *q)
{
	char address[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	enum registry_result result;
	uint32_t i, count;

	packet_get_text(&q->packet, address, sizeof(address));
	count = packet_get_u32(&q->packet);
	if (count > WIRE_TARGETS_MAX)
		return -1;
	targets.count = count;
	for (i = 0; i < count; i++)
		packet_get_text(
		    &q->packet, targets.names[i], sizeof(targets.names[i]));
	if (packet_end(&q->packet) == -1)
		return -1;
	result =
	    registry_alias_add(&accounts.directory, address, &targets, why);
	log_change("alias.added", result, address);
	reply_change(&q, result, why);
	return 0;
}

int
answer_alias_del(struct request *q)
{
	char address[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	enum registry_result result;

	packet_get_text(&q->packet, address, sizeof(address));
	if (packet_end(&q->packet) == -1)
		return -1;
	result = registry_alias_del(&accounts.directory, address, why);
	log_change("alias.deleted", result, address);
	reply_change(&q, result, why);
	return 0;
}

/* Checks the name, hashes the password, and writes it where that all worked.
 * system: of a new user, or NULL. */
static enum registry_result
set_password(const char *name, const char *password, int new,
    const struct record_system *system, char *why)
{
	struct directory *d = &accounts.directory;
	char hash[PASSWORD_HASH_MAX];
	enum registry_result result;

	if (password[0] == '\0') {
		snprintf(why, REGISTRY_WHY_MAX, "the password is empty");
		return REGISTRY_REFUSED;
	}
	if ((result = registry_user_check(d, name, new, why)) != REGISTRY_OK)
		return result;
	if (password_hash(accounts.pool, password, hash,
		clock_after(HASH_TIME)) != PASSWORD_GOOD)
		return REGISTRY_FAILED;
	/* Others had their turn meanwhile: these check the name again. */
	if (new)
		result = registry_user_add(d, name, hash, system, why);
	else
		result = registry_user_passwd(d, name, hash, why);
	explicit_bzero(hash, sizeof(hash));
	return result;
}

/* The name under which logins are remembered and mailbox knows the owner. */
static void
forget_user(const char *name)
{
	char canonical[WIRE_NAME_MAX];
	struct address a;

	if (address_parse(name, &a) != ADDRESS_OK)
		return;
	address_name(&a, canonical);
	password_forget(accounts.pool, canonical);
	tell_changed(canonical);
}

/* The fields of a system user behind his name and password. */
static enum registry_result
read_system(struct packet *p, struct record_system *system, char *why)
{
	const char *wrong;

	system->uid = packet_get_u32(p);
	system->gid = packet_get_u32(p);
	packet_get_text(p, system->path, sizeof(system->path));
	if (p->error != 0)
		return REGISTRY_OK; /* packet_end will tell */
	if ((wrong = accounts_owner_check(accounts.helper, system)) == NULL)
		return REGISTRY_OK;
	snprintf(why, REGISTRY_WHY_MAX, "%s", wrong);
	return REGISTRY_REFUSED;
}

/* What a request that brings a password is for. */
enum purpose { PURPOSE_CHANGE, PURPOSE_NEW, PURPOSE_NEW_SYSTEM };

static int
answer_password(struct request *q, enum purpose purpose)
{
	int new = purpose != PURPOSE_CHANGE;
	struct record_system system = {.path = ""};
	char name[WIRE_NAME_MAX], password[WIRE_PASSWORD_MAX];
	char why[REGISTRY_WHY_MAX];
	enum registry_result result = REGISTRY_OK;

	packet_get_text(&q->packet, name, sizeof(name));
	packet_get_text(&q->packet, password, sizeof(password));
	if (purpose == PURPOSE_NEW_SYSTEM)
		result = read_system(&q->packet, &system, why);
	if (q->packet.data != NULL)
		explicit_bzero(q->packet.data, q->packet.length);
	if (packet_end(&q->packet) == -1) {
		explicit_bzero(password, sizeof(password));
		return -1;
	}
	if (result == REGISTRY_OK)
		result = set_password(name, password, new,
		    purpose == PURPOSE_NEW_SYSTEM ? &system : NULL, why);
	explicit_bzero(password, sizeof(password));
	log_change(new ? "user.added" : "user.password_set", result, name);
	if (result == REGISTRY_OK)
		forget_user(name);
	reply_change(&q, result, why);
	return 0;
}

int
answer_user_add(struct request *q)
{
	return answer_password(q, PURPOSE_NEW);
}

int
answer_user_add_system(struct request *q)
{
	return answer_password(q, PURPOSE_NEW_SYSTEM);
}

int
answer_user_quota(struct request *q)
{
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	struct record_quota quota;
	enum registry_result result;
	uint8_t own;

	packet_get_text(&q->packet, name, sizeof(name));
	own = packet_get_u8(&q->packet);
	quota.octets = packet_get_u64(&q->packet);
	quota.messages = packet_get_u64(&q->packet);
	if (packet_end(&q->packet) == -1 || own > 1 ||
	    quota.octets > INT64_MAX || quota.messages > INT64_MAX)
		return -1;
	result = registry_user_quota(
	    &accounts.directory, name, own ? &quota : NULL, why);
	log_change("user.quota_set", result, name);
	if (result == REGISTRY_OK)
		forget_user(name);
	reply_change(&q, result, why);
	return 0;
}

int
answer_user_passwd(struct request *q)
{
	return answer_password(q, PURPOSE_CHANGE);
}

int
answer_user_del(struct request *q)
{
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	enum registry_result result;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	result = registry_user_del(&accounts.directory, name, why);
	log_change("user.deleted", result, name);
	if (result == REGISTRY_OK)
		forget_user(name);
	reply_change(&q, result, why);
	return 0;
}
