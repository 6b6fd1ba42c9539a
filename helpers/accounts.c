/*
 * The accounts helper: sole owner of the database of domains, users and
 * aliases.  smtpd asks it who gets mail, pop3d who may log in, mailctl changes
 * things, mailbox learns who owns what.  docs/helpers.md has the requests.
 */
#include "accounts.h"
#include "accounts_admin.h"
#include "accounts_owner.h"
#include "clock.h"
#include "fiber.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "password.h"
#include "privileges.h"
#include "ring.h"
#include "server.h"
#include "settings.h"
#include "super.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const calls[] = {
    "@base", "@loop", "@socket", "@thread", "@file", NULL};

static const struct privileges privileges = {
    .process = "accounts",
    .root = NULL,
    .capabilities = 0,
    .files = 2048,
    .file_size = UINT64_MAX,
    .processes = 1, /* threads that hash */
    .paths = {{"$state/accounts", PATH_READ | PATH_WRITE}},
    .calls = calls,
};

/* Connections at most; smtpd and pop3d have one for each worker. */
#define PEERS_MAX 1024
/* How long a login may wait for its hash, and its ticket for mailbox. */
#define LOGIN_TIME  (20 * CLOCK_SECOND)
#define TICKET_TIME (60 * CLOCK_SECOND)
#define PATH_SIZE   1024

struct accounts accounts;
static const struct helper *helper;
static struct record_targets targets; /* of one look-up; nothing waits */

void
accounts_fail(struct request **q)
{
	request_reply(q, PACKET_TEMPORARY, NULL);
	if (kv_broken(accounts.directory.kv))
		worker_stop();
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

static int
answer_lookup(struct request *q)
{
	char address[WIRE_ADDRESS_MAX];

	packet_get_text(&q->packet, address, sizeof(address));
	if (packet_end(&q->packet) == -1)
		return -1;
	switch (directory_lookup(&accounts.directory, address, &targets)) {
	case DIRECTORY_OK:
		reply_targets(&q);
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

/* Gives mailbox a new ticket for this user, before anybody else has it. */
static int
send_ticket(const struct accounts_owner *o, const char *name,
    unsigned char ticket[WIRE_TICKET_SIZE])
{
	struct packet tell;
	int sent;

	if (getentropy(ticket, WIRE_TICKET_SIZE) == -1) {
		log_error("ticket.random", log_errno(errno));
		return -1;
	}
	packet_init(&tell, WIRE_TICKET);
	packet_put_data(&tell, ticket, WIRE_TICKET_SIZE);
	packet_put_text(&tell, name);
	packet_put_u32(&tell, o->uid);
	packet_put_u32(&tell, o->gid);
	packet_put_text(&tell, o->path);
	packet_put_u64(&tell, (uint64_t)clock_after(TICKET_TIME));
	errno = tell.error;
	sent = tell.error != 0 ? -1 : packet_send(accounts.link, &tell);
	if (sent == -1)
		log_error(
		    "link.ticket", log_text("name", name), log_errno(errno));
	if (tell.data != NULL)
		explicit_bzero(tell.data, tell.length);
	packet_free(&tell);
	return sent;
}

/* The answer to a login whose password was right; *q is freed. */
static void
reply_login(
    struct request **q, const struct accounts_owner *o, const char *name)
{
	unsigned char ticket[WIRE_TICKET_SIZE];
	struct packet fields;

	if (send_ticket(o, name, ticket) == -1) {
		request_reply(q, PACKET_TEMPORARY, NULL);
		return;
	}
	packet_init(&fields, WIRE_VERIFY);
	packet_put_text(&fields, name);
	packet_put_data(&fields, ticket, sizeof(ticket));
	request_reply(q, PACKET_OK, &fields);
	if (fields.data != NULL)
		explicit_bzero(fields.data, fields.length);
	packet_free(&fields);
	explicit_bzero(ticket, sizeof(ticket));
}

/* Verifies the login and answers; *q is freed. */
static void
verify(struct request **q, const char *login, const char *password)
{
	char name[WIRE_NAME_MAX];
	struct record_user user;
	enum directory_result found;
	enum password_result result;
	/* Nobody, whom mailbox would refuse. */
	struct accounts_owner o = {(uid_t)-1, (gid_t)-1, "", {0, 0}};
	struct address a;

	found = directory_user(&accounts.directory, login, &a, &user);
	if (found == DIRECTORY_FAILED) {
		accounts_fail(q);
		return;
	}
	address_name(&a, name);
	if (found == DIRECTORY_OK &&
	    accounts_owner_find(helper, &a, &user, &o) == -1) {
		explicit_bzero(&user, sizeof(user));
		request_reply(q, PACKET_TEMPORARY, NULL);
		return;
	}
	/* Where there is no such user, the empty hash costs as much time. */
	result = password_verify(
	    accounts.pool, name, user.hash, password, clock_after(LOGIN_TIME));
	explicit_bzero(&user, sizeof(user));
	switch (result) {
	case PASSWORD_GOOD:
		reply_login(q, &o, name);
		return;
	case PASSWORD_WRONG:
		reply_refused(q, ACCOUNTS_DENIED);
		return;
	case PASSWORD_BUSY:
		log_warn("login.busy", log_text("user", login));
		break;
	case PASSWORD_FAILED:
		break;
	}
	request_reply(q, PACKET_TEMPORARY, NULL);
}

static int
answer_verify(struct request *q)
{
	char login[WIRE_NAME_MAX], password[WIRE_PASSWORD_MAX];
	int malformed;

	packet_get_text(&q->packet, login, sizeof(login));
	packet_get_text(&q->packet, password, sizeof(password));
	malformed = packet_end(&q->packet) == -1;
	if (q->packet.data != NULL)
		explicit_bzero(q->packet.data, q->packet.length);
	if (!malformed)
		verify(&q, login, password);
	explicit_bzero(password, sizeof(password));
	return malformed ? -1 : 0;
}

static const struct server_row rows[] = {
    {WIRE_LOOKUP, ROLE_SMTPD, 0, answer_lookup, "lookup"},
    {WIRE_VERIFY, ROLE_POP3D, SERVER_FIBER, answer_verify, "verify"},
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
    {WIRE_USER_LIST, ROLE_ADMIN, 0, answer_user_list, "user_list"},
    {WIRE_ALIAS_ADD, ROLE_ADMIN, 0, answer_alias_add, "alias_add"},
    {WIRE_ALIAS_DEL, ROLE_ADMIN, 0, answer_alias_del, "alias_del"},
    {WIRE_ALIAS_LIST, ROLE_ADMIN, 0, answer_alias_list, "alias_list"},
    {.answer = NULL},
};
static struct server server = {.rows = rows, .peers_max = PEERS_MAX};

/* What has to be done from time to time. */
static void
keep_house(void *arg)
{
	int64_t next;

	(void)arg;
	for (;;) {
		next = clock_after(helper->conf->accounts_checkpoint);
		while (ring_sleep(ring_self(), next) == -1) {
			if (errno == ECANCELED)
				return;
		}
		password_expire(accounts.pool);
		kv_checkpoint(accounts.directory.kv);
		if (kv_broken(accounts.directory.kv))
			worker_stop();
	}
}

static void
serve(void *arg)
{
	sigset_t set;
	int *failed = arg, number;

	if (server_listen(&server, helper->smtpd, ROLE_SMTPD) == -1 ||
	    server_listen(&server, helper->pop3d, ROLE_POP3D) == -1 ||
	    server_listen(&server, helper->admin, ROLE_ADMIN) == -1 ||
	    server_attach(&server, helper->link_ask, ROLE_MAILBOX) == -1 ||
	    fiber_spawn("house", keep_house, NULL) == -1) {
		log_error("accounts.serve", log_errno(errno));
		*failed = 1;
		worker_stop();
		return;
	}
	log_info("accounts.ready", log_text("state", helper->conf->state));
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	do
		number = worker_signal(&set, CLOCK_NEVER);
	while (number == SIGHUP); /* a new conf comes with a restart */
	worker_stop();
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
	const struct privileges_place place = {.uid = h->uid,
	    .gid = h->gid,
	    .run = h->conf->run,
	    .state = h->conf->state,
	    .mail = h->conf->mail_root};
	int keep[] = {h->smtpd, h->pop3d, h->admin, h->link_ask, h->link_tell};

	if (privileges_close_others(keep, sizeof(keep) / sizeof(keep[0])) == -1)
		return -1;
	if (privileges_drop(&privileges, &place) == -1)
		return -1;
	super_end_with_parent();
	return 0;
}

/* The store and the hash threads: 0, or -1 after a log line. */
static int
open_rooms(const char *folder)
{
	const struct helpers_conf *conf = helper->conf;

	/* Its conf files are none of our business, and out of reach. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	accounts.link = helper->link_tell;
	accounts.helper = helper;
	accounts.directory = (struct directory){
	    .kv = kv_open(folder, (size_t)conf->accounts_cache),
	    .default_domain = conf->default_domain,
	    .postmaster = conf->postmaster,
	    .separator = conf->plus_separator[0]};
	if (accounts.directory.kv == NULL)
		return -1;
	accounts.pool = password_open((unsigned)conf->hash_threads,
	    (unsigned)conf->login_queue, conf->login_cache);
	return accounts.pool == NULL ? -1 : 0;
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
	password_close(&accounts.pool);
	if (accounts.directory.kv != NULL && kv_broken(accounts.directory.kv))
		failed = 1;
	kv_close(&accounts.directory.kv);
	return failed;
}
