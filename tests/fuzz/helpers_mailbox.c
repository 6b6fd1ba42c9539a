/*
 * helpers_mailbox -- the table of the mailbox helper, over a store in a folder
 * of its own, as smtpd, pop3d, mailctl and accounts would ask: nobody opens a
 * mailbox without a ticket that is good, nor twice with one, nothing is read or
 * removed that is no letter of his, and no mailbox stays in use.
 *
 * Input: a request after the other; its kind, and what stands in it.
 */
#include "mailbox_requests.h"

/* Who asks, by the bits of their roles. */
static int ends[ROLE_MAILBOX];
static struct device *link_ask;
/* Once one was opened, there is what opens it again. */
static int has_opened;

/* Accounts' end of the link that mailbox asks: every user is there, but one. */
static int
answer_owner(struct request *q)
{
	char name[WIRE_NAME_MAX], path[WIRE_NAME_MAX + 64];
	struct packet fields;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		abort();
	packet_init(&fields, 0);
	if (strcmp(name, boxes[0]) != 0 && strcmp(name, boxes[1]) != 0) {
		packet_put_u8(&fields, ACCOUNTS_NO_USER);
		request_reply(&q, PACKET_REFUSED, &fields);
	} else {
		packet_put_u32(&fields, getuid());
		packet_put_u32(&fields, getgid());
		snprintf(path, sizeof(path), "%s/%s", mail, name);
		packet_put_text(&fields, path);
		packet_put_u64(&fields, name[0] == 'a' ? 0 : 100000);
		packet_put_u64(&fields, 0);
		request_reply(&q, PACKET_OK, &fields);
	}
	packet_free(&fields);
	return 0;
}

static const struct server_row accounts_rows[] = {
    {WIRE_OWNER, ROLE_MAILBOX, 0, answer_owner, "owner"},
    {.answer = NULL},
};
static struct server accounts_end = {.rows = accounts_rows, .peers_max = 1};

static void
no_secret(const void *data, size_t length)
{
	if (length >= sizeof(secret) - 1 &&
	    memmem(data, length, secret, sizeof(secret) - 1) != NULL)
		abort();
}

static void
check_fd(int fd)
{
	char octets[4096];
	ssize_t n = pread(fd, octets, sizeof(octets), 0);

	if (n > 0)
		no_secret(octets, (size_t)n);
}

/* What an answer teaches those who ask further. */
static void
learn(struct packet *reply)
{
	unsigned number;

	switch (reply->head.type) {
	case WIRE_OPEN:
		number = shown[reply->head.id % TABLE_REQUESTS];
		if (number < TICKETS ? --good[number] < 0 : !has_opened)
			abort();
		has_opened = 1;
		handle = packet_get_u32(reply);
		resume_length = 0;
		memcpy(resume,
		    packet_get_data(reply, sizeof(resume), &resume_length),
		    resume_length);
		break;
	case WIRE_SHELF:
		shelf = packet_get_u64(reply);
		break;
	case WIRE_SPOOL:
		if (spool != -1)
			close(spool);
		spool = packet_take_fd(reply);
		break;
	default:
		break;
	}
}

static void
check(struct packet *reply)
{
	if (reply->length > 0)
		no_secret(reply->data, reply->length);
	if (reply->fd != -1)
		check_fd(reply->fd);
	if (reply->head.status == PACKET_OK)
		learn(reply);
}

/* Who may ask this; or somebody else. */
static unsigned
role_of(uint16_t type)
{
	const uint8_t how = table_u8();

	if (how > 250)
		return 1U << how % 4;
	if (type >= WIRE_BOX_LIST)
		return ROLE_ADMIN;
	if (type >= WIRE_OPEN)
		return ROLE_POP3D;
	return type >= WIRE_SPOOL ? ROLE_SMTPD : ROLE_ACCOUNTS;
}

/* A request of mailctl: whether its mailbox is somebody's. */
static int is_in_use;

static void
check_list(struct packet *reply)
{
	char why[200];

	if (reply->head.type != WIRE_BOX_LIST)
		return;
	if (reply->head.status == PACKET_OK)
		is_in_use = 0;
	if (reply->head.status != PACKET_REFUSED)
		return;
	packet_get_text(reply, why, sizeof(why));
	is_in_use = strstr(why, "a session has") != NULL;
}

/* Whoever held it has gone. */
static void
nobody_has(const char *box)
{
	const int64_t end = clock_after(TABLE_TIME);
	struct packet p;

	for (is_in_use = 1; is_in_use;) {
		if (clock_now() > end)
			abort();
		packet_init(&p, WIRE_BOX_LIST);
		packet_put_text(&p, box);
		table_send(ends[ROLE_ADMIN], &p, check_list);
	}
}

static void
start_server(void)
{
	int links[4];

	table_pair(links);
	table_pair(links + 2);
	if (server_attach(&accounts_end, links[0], ROLE_MAILBOX) == -1 ||
	    (link_ask = device_attach("accounts", links[1], 64)) == NULL)
		abort();
	mailbox_owners_forget("");
	mailbox_owners_setup(link_ask, mail, 0, 1);
	if (mailbox_deliver_setup(store, 16) == -1 ||
	    server_attach(&server, links[3], ROLE_ACCOUNTS) == -1)
		abort();
	ends[ROLE_ACCOUNTS] = links[2];
	for (unsigned role = ROLE_SMTPD; role < ROLE_ACCOUNTS; role *= 2)
		ends[role] = table_attach(&server, role);
}

static void
first_fiber(void *arg)
{
	struct packet p;
	int fd;

	(void)arg;
	start_server();
	for (uint32_t n = 0; n < TABLE_REQUESTS && table_input.left > 0; n++) {
		mailbox_request(&p, n);
		fd = ends[role_of(p.head.type)];
		table_send(fd, &p, check);
		for (unsigned role = 1; role < ROLE_ACCOUNTS; role *= 2)
			table_take(ends[role], check);
	}
	table_end(ends[ROLE_SMTPD], check);
	table_end(ends[ROLE_POP3D], check);
	nobody_has(boxes[0]);
	nobody_has(boxes[1]);
	table_end(ends[ROLE_ADMIN], check);
	table_end(ends[ROLE_ACCOUNTS], check);
	device_close(&link_ask);
	while (accounts_end.peers > 0)
		fiber_yield();
	if (mailbox_requests_end() == -1)
		abort();
	worker_stop();
}

static void
set_up(void)
{
	static const unsigned char seal[32] = "fuzz";
	static char journal[128], index[128];
	struct store_conf conf = {
	    .folder = journal, .journal_size = 1 << 20, .boot = "boot"};

	mailbox_requests_setup();
	snprintf(journal, sizeof(journal), "%s/0", folder);
	snprintf(index, sizeof(index), "%s/state", folder);
	if (mkdir(journal, 0700) == -1 || mkdir(index, 0700) == -1)
		abort();
	umask(0);
	owner_setup(0);
	mailbox_proof_setup(seal);
	if (maildir_setup(mail, "host") == -1 ||
	    index_setup(index, "boot") == -1 ||
	    (store = store_open(&conf)) == NULL)
		abort();
	mailbox_room_setup(store);
	mailbox_drop_setup(store, 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (store == NULL)
		set_up();
	return table_run(data, size, first_fiber);
}
