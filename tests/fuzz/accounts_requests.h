/*
 * accounts_requests -- mailctl's requests to accounts, mostly in the right
 * form, made of octets of a fuzzer's input.
 */
#ifndef ACCOUNTS_REQUESTS_H
#define ACCOUNTS_REQUESTS_H

#include "packet.h"
#include "wire.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Mailctl's: without those that would take away what the target needs, and
 * those of which mailbox is told. */
static const uint16_t admin_kinds[] = {WIRE_RULE_SET, WIRE_RULE_DEL,
    WIRE_RULE_LIST, WIRE_ALIAS_CHECK, WIRE_ALIAS_ADD, WIRE_ALIAS_DEL,
    WIRE_ALIAS_LIST, WIRE_USER_SENDERS, WIRE_BACKEND_LIST, WIRE_DOMAIN_LIST,
    WIRE_IMPORT, WIRE_EXPLAIN, WIRE_EXPORT};
#define ADMIN_KINDS (sizeof(admin_kinds) / sizeof(admin_kinds[0]))

static size_t
take_octet(const uint8_t **from, size_t *length)
{
	if (*length == 0)
		return 0;
	--*length;
	return *(*from)++;
}

/* A name that means something here, or octets of the input. */
static void
put_name(struct packet *p, const uint8_t **from, size_t *length)
{
	static const char *const names[] = {"a@x.y", "b@x.y", "@x.y", "x.y",
	    "list@x.y", "postmaster@x.y", "nobody@x.y", "", "logins", "<>",
	    ":include:team", ":include:none", "\"A\"@X.y", "a+d@x.y"};
	const size_t which = take_octet(from, length);
	size_t n;

	if (which < 200) {
		packet_put_text(
		    p, names[which % (sizeof(names) / sizeof(names[0]))]);
		return;
	}
	n = which - 200 < *length ? which - 200 : *length;
	packet_put_data(p, *from, n);
	*from += n;
	*length -= n;
}

/* Two rows: a user's has a password, or senders. */
static void
put_import(struct packet *p, size_t number, const uint8_t *from, size_t length)
{
	packet_put_u8(p, number / 128 == 0 ? 0 : WIRE_IMPORT_REPLACE);
	packet_put_u32(p, 2);
	for (int i = 0; i < 2; i++) {
		size_t kind = take_octet(&from, &length) % 4;

		packet_put_u8(p, kind < 3 ? (uint8_t)kind : WIRE_IMPORT_USER);
		packet_put_u8(p, kind == 1 ? 1 : kind == 3 ? 4 : 0);
		put_name(p, &from, &length);
		if (kind == 1)
			packet_put_u8(p, WIRE_IMPORT_PLAIN_TEXT);
		if (kind >= 2)
			packet_put_u32(p, 1);
		if (kind > 0)
			put_name(p, &from, &length);
	}
}

/* A request of mailctl, mostly in the right form. */
static void
put_admin(struct packet *p, const uint8_t *from, size_t length)
{
	const size_t number = take_octet(&from, &length);

	packet_init(p, admin_kinds[number % 32 % ADMIN_KINDS]);
	if (p->head.type == WIRE_IMPORT) {
		put_import(p, number, from, length);
		return;
	}
	put_name(p, &from, &length);
	switch (p->head.type) {
	case WIRE_RULE_SET:
		packet_put_u8(p, (uint8_t)(take_octet(&from, &length) % 4));
		break;
	case WIRE_BACKEND_LIST:
		put_name(p, &from, &length);
		return;
	case WIRE_EXPORT:
		put_name(p, &from, &length);
		packet_put_u8(p, number / 128);
		return;
	case WIRE_EXPLAIN:
		packet_put_u8(p, (uint8_t)(take_octet(&from, &length) % 4));
		put_name(p, &from, &length);
		return;
	case WIRE_ALIAS_ADD:
	case WIRE_USER_SENDERS:
		break;
	default:
		return;
	}
	packet_put_u32(p, (uint32_t)number / 32);
	for (size_t i = 0; i < number / 32; i++)
		put_name(p, &from, &length);
}

/* Whether the answer may hold hashes. */
static int
may_show(const struct packet *p)
{
	return p->head.type == WIRE_EXPORT && p->length > 0 &&
	       p->data[p->length - 1] == 1;
}

/* A page of users, as mailctl reads it. */
static void
check_export(struct packet *p)
{
	char text[WIRE_HASH_MAX + WIRE_NAME_MAX];
	uint32_t count = packet_get_u32(p);

	if (count > 200)
		abort();
	while (count-- > 0) {
		packet_get_text(p, text, WIRE_NAME_MAX);
		if (packet_get_u8(p) >= WIRE_IMPORT_WAYS)
			abort();
		packet_get_text(p, text, WIRE_HASH_MAX);
		(void)packet_get_u8(p);
		(void)packet_get_u64(p);
		(void)packet_get_u64(p);
		for (uint32_t n = packet_get_u32(p); n > 0 && p->error == 0;
		     n--)
			packet_get_text(p, text, WIRE_NAME_MAX);
		(void)packet_get_u32(p);
		(void)packet_get_u32(p);
		packet_get_text(p, text, WIRE_NAME_MAX);
		packet_get_text(p, text, 1024);
	}
	if (packet_end(p) == -1)
		abort();
}

/* A copy's: files that there are, and names of the input. */
static void
put_backup(struct packet *p, const uint8_t *from, size_t length)
{
	static const uint16_t types[] = {WIRE_BACKUP_BEGIN, WIRE_BACKUP_READ,
	    WIRE_BACKUP_LOG, WIRE_BACKUP_END};
	const size_t number = take_octet(&from, &length);

	packet_init(p, types[number % 4]);
	if (p->head.type != WIRE_BACKUP_READ)
		return;
	if (length > 0)
		packet_put_data(p, from, length);
	else
		packet_put_text(p, number & 8 ? "log.0000000001" : "users.db");
	packet_put_u64(p, (uint64_t)(number / 16) << number / 8);
}

#endif
