#include "accounts_explain.h"

#include "accounts.h"
#include "accounts_admin.h"
#include "log.h"
#include "packet.h"
#include "registry_parts.h"
#include "rule.h"
#include "server.h"

#include <string.h>

/* Nothing waits while these hold something; too large for a fiber's stack. */
static struct record_targets targets;
static struct rule rule;

/* What a look-up came to, and why. */
struct finding {
	enum accounts_result result;
	int how; /* enum wire_explain */
	char name[WIRE_NAME_MAX], of[WIRE_NAME_MAX];
};

/* What the name that was found is. */
static int
how(struct directory *d)
{
	size_t length = strlen(d->matched);

	if (length == 0)
		return WIRE_EXPLAIN_POSTMASTER;
	if (d->matched[length - 1] == '/')
		return WIRE_EXPLAIN_CATCH_ALL;
	return registry_has_alias(d, d->matched) == KV_OK ? WIRE_EXPLAIN_ALIAS
							  : WIRE_EXPLAIN_USER;
}

/* The address is there: whether a rule keeps the sender off.  0 or -1. */
static int
find_rule(
    const struct directory *d, const struct rule_sender *s, struct finding *f)
{
	switch (rule_which(d->kv, d->matched, f->of, &rule)) {
	case DIRECTORY_OK:
		break;
	case DIRECTORY_FAILED:
		return -1;
	default:
		return 0;
	}
	switch (rule_check(d->kv, d->matched, s)) {
	case RULE_PASSES:
		return 0;
	case RULE_DENIES:
		f->result = ACCOUNTS_DENIED;
		return 0;
	case RULE_FAILED:
		break;
	}
	return -1;
}

/* 0, or -1 where the disk fails. */
static int
find(const char *address, const struct rule_sender *s, struct finding *f)
{
	static const enum accounts_result results[] = {
	    [DIRECTORY_OK] = ACCOUNTS_OK,
	    [DIRECTORY_FOREIGN] = ACCOUNTS_FOREIGN,
	    [DIRECTORY_NO_USER] = ACCOUNTS_NO_USER,
	    [DIRECTORY_LOOP] = ACCOUNTS_LOOP,
	    [DIRECTORY_BAD_LIST] = ACCOUNTS_TEMPORARY,
	};
	struct directory *d = &accounts.directory;
	enum directory_result result;
	struct address a;

	result = directory_lookup(d, address, &targets);
	if (result == DIRECTORY_FAILED)
		return -1;
	f->result = results[result];
	if (d->matched[0] != '\0' && address_from_key(d->matched, &a) == 0)
		address_name(&a, f->name);
	if (result != DIRECTORY_FOREIGN && result != DIRECTORY_NO_USER)
		f->how = how(d);
	return result == DIRECTORY_OK ? find_rule(d, s, f) : 0;
}

/* As many of the list as there is room for. */
static void
put_list(struct packet *p, const struct record_targets *list, size_t most)
{
	uint32_t at = p->length, i;

	packet_put_u32(p, 0);
	for (i = 0; i < list->count && p->length < most; i++)
		packet_put_text(p, list->names[i]);
	packet_set_u32(p, at, i);
}

int
answer_explain(struct request *q)
{
	char address[WIRE_ADDRESS_MAX], sender[WIRE_ADDRESS_MAX];
	struct finding f = {.result = ACCOUNTS_OK};
	struct rule_sender s = {.address = sender};
	struct packet fields;
	uint8_t who;

	packet_get_text(&q->packet, address, sizeof(address));
	who = packet_get_u8(&q->packet);
	packet_get_text(&q->packet, sender, sizeof(sender));
	if (packet_end(&q->packet) == -1 || who > WIRE_LOOKUP_LOGIN)
		return -1;
	s.is_login = who == WIRE_LOOKUP_LOGIN;
	rule.kind = 0;
	rule.senders.count = 0;
	if (find(address, &s, &f) == -1) {
		accounts_fail(&q);
		return 0;
	}
	packet_init(&fields, WIRE_EXPLAIN);
	packet_put_u8(&fields, (uint8_t)f.result);
	packet_put_u8(&fields, (uint8_t)f.how);
	packet_put_text(&fields, f.name);
	packet_put_text(&fields, f.of);
	packet_put_u8(&fields, (uint8_t)rule.kind);
	put_list(&fields, &rule.senders, PACKET_MAX / 2);
	put_list(&fields, &targets, PACKET_MAX - 1024);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}
