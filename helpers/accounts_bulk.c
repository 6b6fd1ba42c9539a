#include "accounts_bulk.h"

#include "accounts_admin.h"
#include "accounts_owner.h"
#include "accounts_users.h"
#include "clock.h"
#include "directory_user.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "password.h"
#include "registry_bulk.h"
#include "server.h"
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long one hash may take, and octets that are left for the last reason. */
#define HASH_TIME  (20 * CLOCK_SECOND)
#define WHY_OCTETS 600

/* One row, as it is read. */
struct row {
	uint8_t kind, fields, way, own;
	char name[WIRE_NAME_MAX];
	struct registry_login login; /* its hash, or the text to be hashed */
	struct record_quota quota;
	struct record_targets list; /* of a user: senders */
	struct record_system system;
};

/* A request under way: its rows are read twice, the second time while the
 * transaction is open. */
struct import {
	struct packet *packet;
	uint8_t flags;
	uint32_t count, at[WIRE_IMPORT_ROWS];
	struct registry_login *made[WIRE_IMPORT_ROWS]; /* of texts */
	uint8_t became[WIRE_IMPORT_ROWS], kind[WIRE_IMPORT_ROWS];
	char why[WIRE_IMPORT_ROWS][WIRE_IMPORT_WHY_MAX];
	uint32_t refused, changed;
	struct row row;
};

static void
read_list(struct packet *p, struct record_targets *list)
{
	uint32_t count = packet_get_u32(p);

	list->count = 0;
	if (count > WIRE_TARGETS_MAX) {
		p->error = EBADMSG;
		return;
	}
	for (; list->count < count && p->error == 0; list->count++)
		packet_get_text(
		    p, list->names[list->count], sizeof(list->names[0]));
}

static void
read_password(struct packet *p, struct row *row)
{
	memset(&row->login, 0, sizeof(row->login));
	row->way = packet_get_u8(p);
	if (row->way >= WIRE_IMPORT_WAYS)
		p->error = EBADMSG;
	row->login.source =
	    row->way == WIRE_IMPORT_PAM ? RECORD_PAM : RECORD_OWN;
	if (row->way == WIRE_IMPORT_PLAIN_TEXT)
		packet_get_text(
		    p, row->login.secret, sizeof(row->login.secret));
	else if (row->way == WIRE_IMPORT_HASH)
		packet_get_text(
		    p, row->login.made.hash, sizeof(row->login.made.hash));
}

static void
read_user(struct packet *p, struct row *row)
{
	if (row->fields & WIRE_IMPORT_PASSWORD)
		read_password(p, row);
	if (row->fields & WIRE_IMPORT_QUOTA) {
		row->own = packet_get_u8(p);
		row->quota.octets = packet_get_u64(p);
		row->quota.messages = packet_get_u64(p);
		if (row->own > 1 || row->quota.octets > INT64_MAX ||
		    row->quota.messages > INT64_MAX)
			p->error = EBADMSG;
	}
	if (row->fields & WIRE_IMPORT_SENDERS)
		read_list(p, &row->list);
	if (row->fields & WIRE_IMPORT_SYSTEM) {
		row->system.uid = packet_get_u32(p);
		row->system.gid = packet_get_u32(p);
		packet_get_text(p, row->system.path, sizeof(row->system.path));
	}
}

/* Reads the packet's next row; its error is set where that makes no sense. */
static void
read_row(struct import *m, struct row *row)
{
	struct packet *p = m->packet;

	row->kind = packet_get_u8(p);
	row->fields = packet_get_u8(p);
	packet_get_text(p, row->name, sizeof(row->name));
	if (row->kind >= WIRE_IMPORT_KINDS ||
	    (row->fields & ~WIRE_IMPORT_FIELDS) != 0 ||
	    (row->kind != WIRE_IMPORT_USER &&
		(row->fields & ~WIRE_IMPORT_LOOSE) != 0) ||
	    (row->fields & WIRE_IMPORT_LOOSE && !(m->flags & WIRE_IMPORT_DRY)))
		p->error = EBADMSG;
	if (row->kind == WIRE_IMPORT_USER)
		read_user(p, row);
	else if (row->kind == WIRE_IMPORT_ALIAS)
		read_list(p, &row->list);
}

static void
refuse(struct import *m, uint32_t i, const char *why)
{
	if (m->became[i] == WIRE_IMPORT_REFUSED)
		return;
	m->became[i] = WIRE_IMPORT_REFUSED;
	m->refused++;
	snprintf(m->why[i], sizeof(m->why[i]), "%s", why);
}

/* Whether the user has a password that stays: no hash is needed then. */
static int
keeps_password(const struct import *m)
{
	struct record_user user;
	struct address a;
	int has_one = 0;

	if (m->flags & WIRE_IMPORT_REPLACE)
		return 0;
	if (directory_user(&accounts.directory, m->row.name, &a, &user) ==
	    DIRECTORY_OK)
		has_one = user.hash[0] != '\0' || user.source != RECORD_OWN;
	explicit_bzero(&user, sizeof(user));
	return has_one;
}

/* Hashes the text of the row that was just read, unless it is only tried.  0,
 * or -1 where it can't be done now. */
static int
make_hash(struct import *m, uint32_t i)
{
	struct registry_login *made;

	if (m->row.login.secret[0] == '\0') {
		refuse(m, i, "the password is empty");
		return 0;
	}
	if (m->flags & WIRE_IMPORT_DRY || keeps_password(m))
		return 0;
	if ((made = calloc(1, sizeof(*made))) == NULL) {
		log_error("import.failed", log_errno(ENOMEM));
		return -1;
	}
	m->made[i] = made;
	if (password_make(accounts.password, NULL, m->row.login.secret,
		&made->made, clock_after(HASH_TIME)) != PASSWORD_GOOD)
		return -1;
	if (accounts.helper->conf->store_secrets)
		memcpy(made->secret, m->row.login.secret, sizeof(made->secret));
	return 0;
}

/* What is wrong with a row whatever the directory holds; NULL. */
static const char *
check_row(const struct row *row)
{
	if (row->kind != WIRE_IMPORT_USER)
		return NULL;
	if (row->fields & WIRE_IMPORT_PASSWORD &&
	    row->way == WIRE_IMPORT_HASH &&
	    !hash_is_sound(row->login.made.hash))
		return "a password hash of a kind that is not known here: "
		       "known are yescrypt, SHA-512, SHA-256, bcrypt and "
		       "Argon2id; leave it empty and set a password later, or "
		       "let the old server judge it (user backend --learn)";
	if (row->fields & WIRE_IMPORT_PASSWORD && row->way == WIRE_IMPORT_PAM &&
	    accounts.pam == NULL)
		return "helpers.conf names no PAM service: set pam { service }";
	if (row->fields & WIRE_IMPORT_SYSTEM)
		return accounts_owner_check(accounts.helper, &row->system);
	return NULL;
}

/* The first reading: of all rows, before the transaction.  0, 1 where a hash
 * can't be made now, or -1 where the request is malformed. */
static int
read_all(struct import *m)
{
	const char *wrong;
	uint32_t plain = 0;
	int result = 0;

	for (uint32_t i = 0; i < m->count; i++) {
		m->at[i] = m->packet->at;
		read_row(m, &m->row);
		if (m->packet->error != 0)
			return -1;
		m->kind[i] = m->row.kind;
		if ((wrong = check_row(&m->row)) != NULL)
			refuse(m, i, wrong);
		else if (m->row.kind == WIRE_IMPORT_USER &&
			 m->row.fields & WIRE_IMPORT_PASSWORD &&
			 m->row.way == WIRE_IMPORT_PLAIN_TEXT &&
			 ++plain > WIRE_IMPORT_PLAIN)
			return -1;
	}
	if (packet_end(m->packet) == -1)
		return -1;
	for (uint32_t i = 0; i < m->count && result == 0 && plain > 0; i++) {
		m->packet->at = m->at[i];
		read_row(m, &m->row);
		if (m->row.kind == WIRE_IMPORT_USER &&
		    m->row.fields & WIRE_IMPORT_PASSWORD &&
		    m->row.way == WIRE_IMPORT_PLAIN_TEXT)
			result = make_hash(m, i) == 0 ? 0 : 1;
	}
	return result;
}

static enum registry_result
apply_user(struct import *m, uint32_t i, const struct registry_bulk_mode *mode,
    int *became, char *why)
{
	const struct row *row = &m->row;
	struct registry_bulk_user user = {.name = row->name,
	    .sets_quota = (row->fields & WIRE_IMPORT_QUOTA) != 0};

	if (row->fields & WIRE_IMPORT_PASSWORD) {
		user.is_plain = row->way == WIRE_IMPORT_PLAIN_TEXT;
		user.login = user.is_plain ? m->made[i] : &row->login;
	}
	if (user.sets_quota && row->own)
		user.quota = &row->quota;
	if (row->fields & WIRE_IMPORT_SENDERS)
		user.senders = &row->list;
	if (row->fields & WIRE_IMPORT_SYSTEM)
		user.system = &row->system;
	return registry_bulk_user(
	    &accounts.directory, &user, mode, became, why);
}

/* In the transaction. */
static enum registry_result
apply_row(struct import *m, uint32_t i)
{
	const struct registry_bulk_mode mode = {
	    .replaces = (m->flags & WIRE_IMPORT_REPLACE) != 0,
	    .is_loose = (m->row.fields & WIRE_IMPORT_LOOSE) != 0};
	struct directory *d = &accounts.directory;
	char why[REGISTRY_WHY_MAX] = "";
	enum registry_result result;
	int became = WIRE_IMPORT_KEPT;

	if (m->row.kind == WIRE_IMPORT_DOMAIN)
		result = registry_bulk_domain(d, m->row.name, &became, why);
	else if (m->row.kind == WIRE_IMPORT_USER)
		result = apply_user(m, i, &mode, &became, why);
	else
		result = registry_bulk_alias(
		    d, m->row.name, &m->row.list, &mode, &became, why);
	if (result == REGISTRY_REFUSED)
		refuse(m, i, why);
	else if (m->became[i] != WIRE_IMPORT_REFUSED)
		m->became[i] = (uint8_t)became;
	m->changed += result == REGISTRY_OK && m->became[i] < WIRE_IMPORT_KEPT;
	return result == REGISTRY_FAILED ? REGISTRY_FAILED : REGISTRY_OK;
}

/* In the transaction, when all rows are there. */
static enum registry_result
check_alias(struct import *m, uint32_t i)
{
	char why[REGISTRY_WHY_MAX] = "";
	enum registry_result result;

	if (m->row.kind != WIRE_IMPORT_ALIAS ||
	    m->row.fields & WIRE_IMPORT_LOOSE ||
	    m->became[i] >= WIRE_IMPORT_KEPT)
		return REGISTRY_OK;
	result = registry_bulk_check(
	    &accounts.directory, m->row.name, &m->row.list, why);
	if (result == REGISTRY_REFUSED)
		refuse(m, i, why);
	return result == REGISTRY_FAILED ? REGISTRY_FAILED : REGISTRY_OK;
}

/* The second reading: nothing waits from here to the end of the transaction. */
static enum registry_result
apply_all(struct import *m)
{
	enum registry_result (*const steps[])(struct import * m, uint32_t i) = {
	    apply_row, check_alias};
	enum registry_result result;
	int is_good;

	if (registry_bulk_begin(&accounts.directory) != REGISTRY_OK)
		return REGISTRY_FAILED;
	result = REGISTRY_OK;
	for (size_t step = 0; step < 2; step++)
		for (uint32_t i = 0; i < m->count && result == REGISTRY_OK;
		     i++) {
			m->packet->at = m->at[i];
			read_row(m, &m->row);
			result = steps[step](m, i);
		}
	is_good = result == REGISTRY_OK && m->refused == 0 &&
		  !(m->flags & WIRE_IMPORT_DRY) && m->changed > 0;
	if (registry_bulk_end(&accounts.directory, is_good) != REGISTRY_OK)
		result = REGISTRY_FAILED;
	return result;
}

static void
log_row(const struct import *m, uint32_t i, const char *name)
{
	int is_new = m->became[i] == WIRE_IMPORT_ADDED;

	if (m->kind[i] == WIRE_IMPORT_DOMAIN)
		log_info("domain.added", log_text("name", name));
	else if (m->kind[i] == WIRE_IMPORT_USER)
		log_info(is_new ? "user.added" : "user.changed",
		    log_text("name", name));
	else
		log_info(is_new ? "alias.added" : "alias.changed",
		    log_text("name", name));
}

/* Logs what was changed, and has it forgotten what was known of it. */
static void
tell_all(struct import *m)
{
	uint32_t users = 0;

	for (uint32_t i = 0; i < m->count; i++) {
		if (m->became[i] >= WIRE_IMPORT_KEPT)
			continue;
		m->packet->at = m->at[i];
		read_row(m, &m->row);
		log_row(m, i, m->row.name);
		if (m->kind[i] == WIRE_IMPORT_USER) {
			accounts_forget_password(m->row.name);
			users++;
		}
	}
	if (users > 0)
		accounts_tell_changed("");
}

static void
reply(struct request **q, const struct import *m)
{
	struct packet fields;
	size_t rest;

	packet_init(&fields, WIRE_IMPORT);
	packet_put_u32(&fields, m->count);
	for (uint32_t i = 0; i < m->count; i++) {
		packet_put_u8(&fields, m->became[i]);
		/* What comes behind it needs five octets a row. */
		rest = PACKET_MAX - fields.length - 5 * (size_t)m->count;
		packet_put_text(
		    &fields, rest > WHY_OCTETS ? m->why[i] : "as others above");
	}
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

static void
free_import(struct import *m)
{
	for (uint32_t i = 0; i < m->count; i++) {
		if (m->made[i] == NULL)
			continue;
		explicit_bzero(m->made[i], sizeof(*m->made[i]));
		free(m->made[i]);
	}
	explicit_bzero(&m->row, sizeof(m->row));
	free(m);
}

/* 0 where it was answered, else as a row's answer. */
static int
import(struct request *q, struct import *m)
{
	int result;

	m->flags = packet_get_u8(m->packet);
	m->count = packet_get_u32(m->packet);
	if (m->count == 0 || m->count > WIRE_IMPORT_ROWS ||
	    (m->flags & ~WIRE_IMPORT_FLAGS) != 0) {
		m->count = 0;
		return -1;
	}
	if ((result = read_all(m)) == -1)
		return -1;
	if (result == 1 || apply_all(m) != REGISTRY_OK) {
		accounts_fail(&q);
		return 0;
	}
	if (m->refused == 0 && !(m->flags & WIRE_IMPORT_DRY))
		tell_all(m);
	if (m->refused > 0 || !(m->flags & WIRE_IMPORT_DRY))
		log_info("import.batch", log_int("rows", m->count),
		    log_int("changed", m->refused > 0 ? 0 : m->changed),
		    log_int("refused", m->refused));
	reply(&q, m);
	return 0;
}

int
answer_import(struct request *q)
{
	struct import *m = calloc(1, sizeof(*m));
	int result;

	if (m == NULL) {
		log_error("import.failed", log_errno(ENOMEM));
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	m->packet = &q->packet;
	result = import(q, m);
	free_import(m);
	return result;
}
