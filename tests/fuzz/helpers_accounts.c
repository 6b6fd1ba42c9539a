/*
 * helpers_accounts -- the table of requests that accounts answers, with a
 * directory and a hasher of the target's own: whatever smtpd, pop3d or mailctl
 * send, nothing breaks, no exchange is left when they are gone, no answer holds
 * a hash, and none tells of more faults than there may be.
 *
 * Input: pieces of one octet of kind, one of length, and so many octets; a
 * piece is a request by one of three roles.
 */
#include "../../helpers/accounts_admin.h"
#include "../../helpers/accounts_backup.h"
#include "../../helpers/accounts_rows.h"
#include "../../helpers/accounts_sasl.h"
#include "../../helpers/helper.h"
#include "../../helpers/password.h"
#include "../../helpers/pool.h"
#include "../../helpers/registry_user.h"
#include "../../helpers/settings.h"
#include "accounts_requests.h"
#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "ring.h"
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUESTS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t kinds[] = {WIRE_LOOKUP, WIRE_SASL_BEGIN, WIRE_SASL_STEP,
    WIRE_SASL_CANCEL, WIRE_SENDER, WIRE_USER_LIST, WIRE_SASL_PROVED};
static const uint8_t *input;
static size_t input_size;
static const uint8_t *whole; /* of the input */
static size_t whole_size;
static struct helper helper;
static struct helpers_conf *conf_in_use;
static struct server server;
static uint32_t handle; /* that was named last */
static int shows;	/* hashes were asked for */

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
/* Those that are made; the fields of others are octets of the input.  (What
 * comes first keeps its number when a kind is added, and the corpus its sense.)
 */
enum { MADE_BEGIN, MADE_STEP, MADE_PROVED, MADE_ADMIN, MADE_BACKUP, MADE };
#define ALL_KINDS (MADE + KINDS + ADMIN_KINDS)
/* Ends of the three roles. */
enum { SMTPD, POP3D, ADMIN, ROLES };

/* The hasher: quick, and never pleased. */
static int
answer_verify(struct request *q)
{
	char text[RECORD_HASH_MAX];
	struct packet fields;

	packet_get_text(&q->packet, text, WIRE_PASSWORD_MAX);
	packet_get_text(&q->packet, text, sizeof(text));
	if (packet_end(&q->packet) == -1)
		abort();
	packet_init(&fields, 0);
	packet_put_u8(&fields, HASH_DIFFERS);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static int
answer_make(struct request *q)
{
	struct packet fields;
	unsigned char zeroes[RECORD_KEY_MAX] = {0};

	packet_init(&fields, 0);
	packet_put_text(&fields, "$y$dummy");
	for (int i = 0; i < 2; i++) {
		packet_put_u32(&fields, 0);
		packet_put_data(&fields, zeroes, RECORD_SALT_SIZE);
		packet_put_data(&fields, zeroes, 0);
		packet_put_data(&fields, zeroes, 0);
	}
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static int
answer_token(struct request *q)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_u8(&fields, 1);
	packet_put_text(&fields, "");
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row hasher_rows[] = {
    {WIRE_HASH_VERIFY, ROLE_ACCOUNTS, 0, answer_verify, "verify"},
    {WIRE_HASH_MAKE, ROLE_ACCOUNTS, 0, answer_make, "make"},
    {WIRE_HASH_TOKEN, ROLE_ACCOUNTS, 0, answer_token, "token"},
    {.answer = NULL},
};
static struct server hasher = {.rows = hasher_rows, .peers_max = 1};

static void
make_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) == -1)
		abort();
}

/* An exchange by one of the mechanisms, with this initial response. */
static void
put_begin(struct packet *p, const uint8_t *from, size_t length)
{
	static const char *const names[] = {"PLAIN", "LOGIN", "SCRAM-SHA-1",
	    "SCRAM-SHA-256-PLUS", "USER", "APOP", "OAUTHBEARER", "XOAUTH2",
	    "CRAM-MD5", "EXTERNAL", "SCRAM-SHA-256"};
	size_t number = length > 0 ? *from++ : 0;

	packet_put_text(p, names[number % (sizeof(names) / sizeof(names[0]))]);
	packet_put_u8(p, 1);
	packet_put_data(p, "an exporter's octets", 20);
	packet_put_data(p, "an end point's octets", 21);
	packet_put_text(p, "a@x.y");
	packet_put_text(p, "192.0.2.1");
	packet_put_text(p, "x.y");
	packet_put_u8(p, length > 0);
	packet_put_data(p, from, length > 0 ? length - 1 : 0);
}

static void
put_raw(struct packet *p, const uint8_t *from, size_t length)
{
	packet_reserve(p, length);
	if (length > 0)
		memcpy(p->data, from, length);
	p->length = (uint32_t)length;
}

static void
put_request(struct packet *p, unsigned kind, const uint8_t *from, size_t length)
{
	switch (kind) {
	case MADE_BEGIN:
		packet_init(p, WIRE_SASL_BEGIN);
		put_begin(p, from, length);
		break;
	case MADE_STEP:
		packet_init(p, WIRE_SASL_STEP);
		packet_put_u32(p, handle);
		packet_put_data(p, from, length);
		break;
	case MADE_PROVED:
		packet_init(p, WIRE_SASL_PROVED);
		packet_put_u32(p, handle);
		packet_put_u8(p, (uint8_t)(length & 1));
		break;
	case MADE_ADMIN:
		put_admin(p, from, length);
		break;
	case MADE_BACKUP:
		put_backup(p, from, length);
		break;
	default:
		kind -= MADE;
		packet_init(
		    p, kind < KINDS ? kinds[kind] : admin_kinds[kind - KINDS]);
		put_raw(p, from, length);
	}
}

/* The next request of the input; 0 at its end. */
static int
next_request(struct packet *p, unsigned *who)
{
	unsigned kind;
	size_t length;

	if (input_size < 2)
		return 0;
	kind = (input[0] >> 1) % ALL_KINDS;
	*who = kind == MADE_ADMIN || kind == MADE_BACKUP || kind >= MADE + KINDS
		   ? ADMIN
	       : input[0] & 1 ? POP3D
			      : SMTPD;
	length = input[1];
	input += 2;
	input_size -= 2;
	if (length > input_size)
		length = input_size;
	put_request(p, kind, input, length);
	input += length;
	input_size -= length;
	return 1;
}

/* Whether a hash's mark is in it.  (A password goes back to who has sent it.)
 */
static int
has_hash(const void *data, size_t length)
{
	return length > 3 && memmem(data, length, "$y$", 3) != NULL;
}

/* What mailctl has room for. */
static void
check_faults(struct packet *p)
{
	char text[WIRE_FAULT_MAX];
	uint32_t count = packet_get_u32(p);

	if (count > WIRE_FAULTS_MAX)
		abort();
	while (count-- > 0)
		packet_get_text(p, text, sizeof(text));
	if (packet_end(p) == -1)
		abort();
}

/* Takes what was answered by now.  A copy of the database is all of it. */
static void
take_replies(int fd)
{
	struct packet p;
	int is_copy;

	packet_init(&p, 0);
	while (packet_receive(fd, &p) == 1) {
		/* A challenge names its exchange behind the result. */
		if (p.length > 5)
			memcpy(&handle, p.data + 1, sizeof(handle));
		is_copy = p.head.type == WIRE_BACKUP_READ;
		if (!is_copy && !shows && has_hash(p.data, p.length) &&
		    !has_hash(whole, whole_size))
			abort();
		if (p.head.type == WIRE_ALIAS_CHECK &&
		    p.head.status == PACKET_OK)
			check_faults(&p);
		if (p.head.type == WIRE_EXPORT && p.head.status == PACKET_OK)
			check_export(&p);
	}
	packet_free(&p);
}

static void
talk(const int ends[ROLES])
{
	struct packet p;
	unsigned who;

	for (int n = 0; n < REQUESTS && next_request(&p, &who); n++) {
		p.head.id = (uint32_t)n;
		shows |= may_show(&p);
		packet_send(ends[who], &p);
		packet_free(&p);
		for (int i = 0; i < 8; i++)
			fiber_yield();
		for (int i = 0; i < ROLES; i++)
			take_replies(ends[i]);
	}
}

static void
first_fiber(void *arg)
{
	static const enum server_role roles[ROLES] = {
	    ROLE_SMTPD, ROLE_POP3D, ROLE_ADMIN};
	int hash[2], ends[2], clients[ROLES];
	const int64_t end = clock_after(20 * CLOCK_SECOND);

	(void)arg;
	make_pair(hash);
	if (server_attach(&hasher, hash[1], ROLE_ACCOUNTS) == -1 ||
	    (accounts.pool = pool_open(hash, 1, 8, accounts.delay)) == NULL ||
	    (accounts.password = password_open(
		 accounts.pool, &accounts.want, CLOCK_SECOND)) == NULL)
		abort();
	for (int i = 0; i < ROLES; i++) {
		make_pair(ends);
		if (server_attach(&server, ends[1], roles[i]) == -1)
			abort();
		clients[i] = ends[0];
	}
	talk(clients);
	for (int i = 0; i < ROLES; i++)
		close(clients[i]);
	while (server.peers > 0)
		if (ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND)) ==
			-1 ||
		    clock_now() > end)
			abort();
	if (accounts_sasl_count() != 0)
		abort();
	password_close(&accounts.password);
	pool_close(&accounts.pool);
	worker_stop();
}

static char folder[64], lists[96];

static void
clean_up(void)
{
	struct helpers_conf *conf = conf_in_use;
	char command[96];

	kv_close(&accounts.directory.kv);
	delay_close(&accounts.delay);
	settings_free(&conf);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		abort();
}

/* On memory, where the system has such a file system: syncs are not what is
 * tried here. */
static void
make_folders(void)
{
	snprintf(folder, sizeof(folder), "%s/ringmail-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(lists, sizeof(lists), "%s/lists", folder);
	if (mkdir(lists, 0755) == -1)
		abort();
}

static void
write_list(const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/team", lists);
	if ((f = fopen(path, "w")) == NULL || fputs(text, f) == EOF ||
	    fchmod(fileno(f), 0644) == -1 || fclose(f) != 0)
		abort();
}

static void
add_list(struct directory *d)
{
	static const struct record_targets team = {
	    .count = 2, .names = {":include:team", "b@x.y"}};
	char why[REGISTRY_WHY_MAX];

	write_list("a@x.y\n");
	if (registry_alias_add(d, "list@x.y", &team, why) != REGISTRY_OK)
		abort();
	write_list("a@x.y\nno address\ngone@x.y\n:include:none\n");
}

static void
set_up(void)
{
	const struct registry_login login = {.made = {.hash = "$y$secret"}};
	const struct record_backend backend = {
	    .host = "x.y", .port = 995, .flags = RECORD_BACKEND_FLAGS};
	char why[REGISTRY_WHY_MAX], error[512];
	struct directory *d = &accounts.directory;
	struct helpers_conf *conf;
	static int links[2];

	log_set_level(LEVEL_ERROR);
	make_folders();
	if ((conf = settings_load(NULL, error, sizeof(error))) == NULL)
		abort();
	free(conf->mechanisms.items[5]); /* LOGIN needs no initial one */
	conf->mechanisms.items[5] = strdup("OAUTHBEARER");
	free(conf->token_keys);
	conf->token_keys = strdup("/nonexistent");
	make_pair(links);
	helper.conf = conf_in_use = conf;
	helper.mailboxes = 1;
	accounts.helper = &helper;
	accounts.links = links;
	accounts.want = (struct hash_want){HASH_YESCRYPT, 1, 4096};
	*d = (struct directory){.kv = kv_open(folder, 1U << 20),
	    .default_domain = "x.y",
	    .postmaster = "",
	    .separator = '+',
	    .lists = lists};
	accounts.delay = delay_open(NULL, 1000, 8000);
	if (d->kv == NULL || accounts.delay == NULL ||
	    registry_domain_add(d, "x.y", why) != REGISTRY_OK ||
	    registry_user_add(d, "a@x.y", &login, NULL, why) != REGISTRY_OK ||
	    registry_user_backend(d, "b@x.y", 1, &backend, why) != REGISTRY_OK)
		abort();
	add_list(d);
	atexit(clean_up);
}

static void
forget_peer(void *peer_data)
{
	accounts_backup_gone(peer_data);
	accounts_sasl_gone(peer_data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int is_ready;

	if (!is_ready)
		set_up();
	is_ready = 1;
	server = (struct server){
	    .rows = accounts_rows, .gone = forget_peer, .peers_max = 4};
	hasher.peers = 0;
	shows = 0;
	input = whole = data;
	input_size = whole_size = size;
	if (worker_run(1, first_fiber, NULL) == -1)
		abort();
	return 0;
}
