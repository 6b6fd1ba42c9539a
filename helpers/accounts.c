/*
 * The accounts helper: sole owner of the database of domains, users and
 * aliases.  smtpd asks it who gets mail, pop3d who may log in, mailctl changes
 * things, mailbox learns who owns what.  docs/helpers.md has the requests.
 */
#include "accounts.h"
#include "accounts_admin.h"
#include "accounts_backend.h"
#include "accounts_backup.h"
#include "accounts_bulk.h"
#include "accounts_explain.h"
#include "accounts_export.h"
#include "accounts_login.h"
#include "accounts_owner.h"
#include "accounts_rows.h"
#include "accounts_sasl.h"
#include "accounts_users.h"
#include "clock.h"
#include "directory_user.h"
#include "fiber.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "password.h"
#include "pool.h"
#include "privileges.h"
#include "ring.h"
#include "rule.h"
#include "server.h"
#include "service_notify.h"
#include "settings.h"
#include "share.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const calls[] = {"@base", "@loop", "@socket", "@file", NULL};

static const struct privileges privileges = {
    .process = "accounts",
    .root = NULL,
    .capabilities = 0,
    .files = 2048,
    .file_size = UINT64_MAX,
    .processes = 0,
    .paths = {{"$state/accounts", PATH_READ | PATH_WRITE},
	{"$lists", PATH_READ}},
    .calls = calls,
};

/* Connections at most; smtpd and pop3d have one for each worker. */
#define PEERS_MAX 1024
#define PATH_SIZE 1024
/* How long one that is to end waits for clients in the midst of a login: some
 * round trips.  Others who want to log in wait as well. */
#define SETTLE_TIME (2 * CLOCK_SECOND)

struct accounts accounts;
static const struct helper *helper;
static struct record_targets targets; /* of one look-up; nothing waits */

void
accounts_check(void)
{
	if (kv_broken(accounts.directory.kv))
		worker_stop();
}

void
accounts_fail(struct request **q)
{
	request_reply(q, PACKET_TEMPORARY, NULL);
	accounts_check();
}

static void
reply_refused(struct request **q, enum accounts_result result)
{
	struct packet fields;

	packet_init(&fields, (*q)->packet.head.type);
	packet_put_u8(&fields, (uint8_t)result);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

static void
reply_targets(struct request **q)
{
	struct packet fields;
	unsigned i;

	packet_init(&fields, WIRE_LOOKUP);
	packet_put_u32(&fields, targets.count);
	for (i = 0; i < targets.count; i++)
		packet_put_text(&fields, targets.names[i]);
	packet_put_u8(&fields,
	    accounts.directory.limited || accounts_owner_limited(helper));
	packet_put_u8(&fields, helper->conf->line_ends == LINE_ENDS_CRLF);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

/* The address is there: whether it takes mail from this sender. */
static void
answer_rule(struct request *q, uint8_t who, const char *sender)
{
	const struct directory *d = &accounts.directory;
	const struct rule_sender s = {
	    .address = sender, .is_login = who == WIRE_LOOKUP_LOGIN};
	enum rule_result result = RULE_PASSES;

	if (who != WIRE_LOOKUP_OURS)
		result = rule_check(d->kv, d->matched, &s);
	switch (result) {
	case RULE_PASSES:
		reply_targets(&q);
		break;
	case RULE_DENIES:
		reply_refused(&q, ACCOUNTS_DENIED);
		break;
	case RULE_FAILED:
		accounts_fail(&q);
	}
}

static int
answer_lookup(struct request *q)
{
	char address[WIRE_ADDRESS_MAX], sender[WIRE_ADDRESS_MAX];
	uint8_t who;

	packet_get_text(&q->packet, address, sizeof(address));
	who = packet_get_u8(&q->packet);
	packet_get_text(&q->packet, sender, sizeof(sender));
	if (packet_end(&q->packet) == -1 || who > WIRE_LOOKUP_LOGIN)
		return -1;
	switch (directory_lookup(&accounts.directory, address, &targets)) {
	case DIRECTORY_OK:
		answer_rule(q, who, sender);
		break;
	case DIRECTORY_FOREIGN:
		reply_refused(&q, ACCOUNTS_FOREIGN);
		break;
	case DIRECTORY_NO_USER:
		reply_refused(&q, ACCOUNTS_NO_USER);
		break;
	case DIRECTORY_LOOP:
		log_warn("alias.loop", log_text("address", address));
		reply_refused(&q, ACCOUNTS_LOOP);
		break;
	case DIRECTORY_BAD_LIST:
		request_reply(&q, PACKET_TEMPORARY, NULL);
		break;
	case DIRECTORY_FAILED:
		accounts_fail(&q);
	}
	return 0;
}

static int
answer_owner(struct request *q)
{
	char name[WIRE_NAME_MAX];
	enum directory_result result;
	struct accounts_owner o;
	struct record_user user;
	struct packet fields;
	struct address a;
	int found = 0;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	result = directory_user(&accounts.directory, name, &a, &user);
	if (result == DIRECTORY_OK)
		found = accounts_owner_find(helper, &a, &user, &o) == 0;
	explicit_bzero(&user, sizeof(user));
	if (result == DIRECTORY_NO_USER) {
		reply_refused(&q, ACCOUNTS_NO_USER);
		return 0;
	}
	if (!found) {
		accounts_fail(&q);
		return 0;
	}
	packet_init(&fields, WIRE_OWNER);
	packet_put_u32(&fields, o.uid);
	packet_put_u32(&fields, o.gid);
	packet_put_text(&fields, o.path);
	packet_put_u64(&fields, o.quota.octets);
	packet_put_u64(&fields, o.quota.messages);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

const struct server_row accounts_rows[] = {
    {WIRE_LOOKUP, ROLE_SMTPD, 0, answer_lookup, "lookup"},
    {WIRE_SASL_BEGIN, ROLE_SMTPD | ROLE_POP3D, SERVER_FIBER, answer_sasl_begin,
	"sasl_begin"},
    {WIRE_SASL_STEP, ROLE_SMTPD | ROLE_POP3D, SERVER_FIBER, answer_sasl_step,
	"sasl_step"},
    {WIRE_SASL_CANCEL, ROLE_SMTPD | ROLE_POP3D, 0, answer_sasl_cancel,
	"sasl_cancel"},
    {WIRE_SASL_PROVED, ROLE_POP3D, 0, answer_sasl_proved, "sasl_proved"},
    {WIRE_SENDER, ROLE_SMTPD, 0, answer_sender, "sender"},
    {WIRE_OWNER, ROLE_MAILBOX, 0, answer_owner, "owner"},
    {WIRE_DOMAIN_ADD, ROLE_ADMIN, 0, answer_domain_add, "domain_add"},
    {WIRE_DOMAIN_DEL, ROLE_ADMIN, 0, answer_domain_del, "domain_del"},
    {WIRE_DOMAIN_LIST, ROLE_ADMIN, 0, answer_domain_list, "domain_list"},
    {WIRE_USER_ADD, ROLE_ADMIN, SERVER_FIBER, answer_user_add, "user_add"},
    {WIRE_USER_DEL, ROLE_ADMIN, SERVER_FIBER, answer_user_del, "user_del"},
    {WIRE_USER_PASSWD, ROLE_ADMIN, SERVER_FIBER, answer_user_passwd,
	"user_passwd"},
    {WIRE_USER_ADD_SYSTEM, ROLE_ADMIN, SERVER_FIBER, answer_user_add_system,
	"user_add_system"},
    {WIRE_USER_QUOTA, ROLE_ADMIN, SERVER_FIBER, answer_user_quota,
	"user_quota"},
    {WIRE_USER_SENDERS, ROLE_ADMIN, 0, answer_user_senders, "user_senders"},
    {WIRE_USER_PAM, ROLE_ADMIN, SERVER_FIBER, answer_user_pam, "user_pam"},
    {WIRE_USER_BACKEND, ROLE_ADMIN, 0, answer_user_backend, "user_backend"},
    {WIRE_BACKEND_LIST, ROLE_ADMIN, 0, answer_backend_list, "backend_list"},
    {WIRE_USER_LIST, ROLE_ADMIN, 0, answer_user_list, "user_list"},
    {WIRE_ALIAS_ADD, ROLE_ADMIN, 0, answer_alias_add, "alias_add"},
    {WIRE_ALIAS_DEL, ROLE_ADMIN, 0, answer_alias_del, "alias_del"},
    {WIRE_ALIAS_LIST, ROLE_ADMIN, 0, answer_alias_list, "alias_list"},
    {WIRE_ALIAS_CHECK, ROLE_ADMIN, 0, answer_alias_check, "alias_check"},
    {WIRE_RULE_SET, ROLE_ADMIN, 0, answer_rule_set, "rule_set"},
    {WIRE_RULE_DEL, ROLE_ADMIN, 0, answer_rule_del, "rule_del"},
    {WIRE_RULE_LIST, ROLE_ADMIN, 0, answer_rule_list, "rule_list"},
    {WIRE_BACKUP_BEGIN, ROLE_ADMIN, 0, answer_backup_begin, "backup_begin"},
    {WIRE_BACKUP_READ, ROLE_ADMIN, 0, answer_backup_read, "backup_read"},
    {WIRE_BACKUP_LOG, ROLE_ADMIN, 0, answer_backup_log, "backup_log"},
    {WIRE_BACKUP_END, ROLE_ADMIN, 0, answer_backup_end, "backup_end"},
    {WIRE_IMPORT, ROLE_ADMIN, SERVER_FIBER, answer_import, "import"},
    {WIRE_EXPLAIN, ROLE_ADMIN, 0, answer_explain, "explain"},
    {WIRE_EXPORT, ROLE_ADMIN, 0, answer_export, "export"},
    {.answer = NULL},
};

static void
forget_peer(void *peer_data)
{
	accounts_backup_gone(peer_data);
	accounts_sasl_gone(peer_data); /* frees it */
}

static struct server server = {
    .rows = accounts_rows, .gone = forget_peer, .peers_max = PEERS_MAX};

/* The housekeeper's, and when changes of the directory go to its tables; 0:
 * they are there. */
static struct ring *house;
static int64_t settle_due;

static void
settle_soon(void)
{
	settle_due = clock_after(KV_SETTLE);
	ring_notify(house);
}

static void
tidy_up(void)
{
	password_expire(accounts.password);
	accounts_sasl_expire();
	accounts_backup_expire();
	kv_checkpoint(accounts.directory.kv);
}

/* What has to be done from time to time. */
static void
keep_house(void *arg)
{
	int64_t due = clock_after(helper->conf->accounts_checkpoint), until;

	(void)arg;
	house = ring_self();
	kv_settle_later(accounts.directory.kv, settle_soon);
	for (;;) {
		until = settle_due > 0 && settle_due < due ? settle_due : due;
		if (ring_sleep(ring_self(), until) == -1 && errno == ECANCELED)
			return;
		if (settle_due > 0 && clock_now() >= settle_due) {
			settle_due = 0;
			kv_settle(accounts.directory.kv);
		}
		if (clock_now() >= due) {
			tidy_up();
			due = clock_after(helper->conf->accounts_checkpoint);
		}
		if (kv_broken(accounts.directory.kv))
			worker_stop();
	}
}

/* The ways to the processes that hash, ask PAM, run a program. */
static int
open_ways(void)
{
	const struct helpers_conf *conf = helper->conf;

	accounts.pool = pool_open(helper->link_hash, helper->hashers,
	    (unsigned)conf->login_queue, accounts.delay);
	if (accounts.pool != NULL && helper->pams > 0)
		accounts.pam = pool_open(helper->link_pam, helper->pams,
		    (unsigned)conf->login_queue, accounts.delay);
	if (accounts.pool != NULL && helper->programs > 0)
		accounts.program =
		    pool_open(helper->link_program, helper->programs,
			(unsigned)conf->login_queue, accounts.delay);
	if (accounts.pool == NULL ||
	    (helper->pams > 0 && accounts.pam == NULL) ||
	    (helper->programs > 0 && accounts.program == NULL)) {
		log_error("accounts.pool", log_errno(errno));
		return -1;
	}
	accounts.password =
	    password_open(accounts.pool, &accounts.want, conf->login_cache);
	return accounts.password == NULL ? -1 : 0;
}

static int
attach_mailboxes(void)
{
	unsigned i;

	for (i = 0; i < helper->mailboxes; i++)
		if (server_attach(&server, helper->link_ask[i], ROLE_MAILBOX) ==
		    -1)
			return -1;
	return 0;
}

/* In a fiber of its own, so that it ends a start too, which waits for hashers
 * that may have ended before it. */
static void
obey_signals(void *arg)
{
	(void)arg;
	helper_serve_until_settled(accounts_sasl_is_settled, SETTLE_TIME);
}

static void
serve(void *arg)
{
	int *failed = arg;

	if (fiber_spawn("signals", obey_signals, NULL) == -1) {
		log_error("accounts.serve", log_errno(errno));
		*failed = 1;
		worker_stop();
		return;
	}
	if (open_ways() == -1) {
		*failed = !fiber_cancelled();
		worker_stop();
		return;
	}
	if (server_listen(&server, helper->smtpd, ROLE_SMTPD) == -1 ||
	    server_listen(&server, helper->pop3d, ROLE_POP3D) == -1 ||
	    server_listen(&server, helper->admin, ROLE_ADMIN) == -1 ||
	    attach_mailboxes() == -1 ||
	    fiber_spawn("house", keep_house, NULL) == -1) {
		log_error("accounts.serve", log_errno(errno));
		*failed = 1;
		worker_stop();
		return;
	}
	log_info("accounts.ready", log_text("state", helper->conf->state));
	service_notify_live_as(helper->beat);
}

/* As root: the folder of the database, which is the helper's own. */
static int
make_folder(const char *path)
{
	int fd, result = -1;

	if (mkdir(path, 0700) == -1 && errno != EEXIST) {
		log_error("accounts.folder", log_text("path", path),
		    log_errno(errno));
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1)
		result = fchown(fd, helper->uid, helper->gid);
	if (result == 0)
		result = fchmod(fd, 0700);
	if (result == -1)
		log_error("accounts.folder", log_text("path", path),
		    log_errno(errno));
	if (fd != -1)
		close(fd);
	return result;
}

static int
give_up_privileges(const struct helper *h)
{
	int keep[3 + 2 * WIRE_HELPERS_MAX + HELPER_HASHERS_MAX +
		 HELPER_PAMS_MAX + HELPER_PROGRAMS_MAX] = {
	    h->smtpd, h->pop3d, h->admin};
	size_t n = 3;

	for (unsigned i = 0; i < h->mailboxes; i++) {
		keep[n++] = h->link_ask[i];
		keep[n++] = h->link_tell[i];
	}
	for (unsigned i = 0; i < h->hashers; i++)
		keep[n++] = h->link_hash[i];
	for (unsigned i = 0; i < h->pams; i++)
		keep[n++] = h->link_pam[i];
	for (unsigned i = 0; i < h->programs; i++)
		keep[n++] = h->link_program[i];
	return helper_drop(h, &privileges, keep, n);
}

/* The store and the delays: 0, or -1 after a log line. */
static int
open_rooms(const char *folder)
{
	const struct helpers_conf *conf = helper->conf;
	char delays[PATH_SIZE + 8];

	/* Its conf files are none of our business, and out of reach. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	address_setup(&conf->case_sensitive);
	accounts.links = helper->link_tell;
	accounts.helper = helper;
	accounts.directory = (struct directory){
	    .kv = kv_open(folder, (size_t)conf->accounts_cache),
	    .default_domain = conf->default_domain,
	    .postmaster = conf->postmaster,
	    .separator = conf->plus_separator[0],
	    .lists = conf->lists};
	if (accounts.directory.kv == NULL)
		return -1;
	accounts.want = (struct hash_want){.kind = conf->hash,
	    .cost = (unsigned)conf->hash_cost,
	    .iterations = (uint32_t)conf->scram_iterations};
	snprintf(delays, sizeof(delays), "%s/delays", folder);
	accounts.delay = delay_open(delays,
	    (unsigned)(conf->failed_login / CLOCK_MILLISECOND),
	    (unsigned)(conf->failed_login_most / CLOCK_MILLISECOND));
	return accounts.delay == NULL ? -1 : 0;
}

int
accounts_run(const struct helper *h)
{
	char folder[PATH_SIZE];
	int failed = 0;

	helper = h;
	snprintf(folder, sizeof(folder), "%s/accounts", h->conf->state);
	if (make_folder(folder) == -1 || give_up_privileges(h) == -1)
		return 1;
	if (open_rooms(folder) == -1 || worker_run(1, serve, &failed) == -1)
		failed = 1;
	password_close(&accounts.password);
	delay_close(&accounts.delay);
	if (accounts.directory.kv != NULL && kv_broken(accounts.directory.kv))
		failed = 1;
	kv_close(&accounts.directory.kv);
	return failed;
}
