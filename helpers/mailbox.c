/*
 * The mailbox helper: the only process that touches mail.  smtpd hands messages
 * to it, pop3d opens maildrops through it with what accounts gave.  Files are
 * opened, made and removed with the rights of the mailbox's owner.
 * docs/helpers.md has the requests, store.h the promise.
 */
#include "address.h"
#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "helper.h"
#include "homes.h"
#include "index.h"
#include "layout.h"
#include "log.h"
#include "mailbox_admin.h"
#include "mailbox_deliver.h"
#include "mailbox_drop.h"
#include "mailbox_fetch.h"
#include "mailbox_owners.h"
#include "mailbox_proof.h"
#include "mailbox_remove.h"
#include "mailbox_room.h"
#include "mailbox_visit.h"
#include "maildir.h"
#include "owner.h"
#include "packet.h"
#include "privileges.h"
#include "ring.h"
#include "server.h"
#include "service_notify.h"
#include "settings.h"
#include "store.h"
#include "super.h"
#include "trash.h"
#include "wire.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const calls[] = {
    "@base", "@loop", "@socket", "@thread", "@file", NULL};

static const struct privileges privileges = {
    .process = "mailbox",
    .root = NULL,
    .capabilities = UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID,
    .files = 131072, /* one for each open maildrop */
    .file_size = UINT64_MAX,
    .processes = 1, /* the thread that syncs */
    .lowest_uid = 100,
    .paths = {{"$mail", PATH_READ | PATH_WRITE},
	{"$homes", PATH_READ | PATH_WRITE},
	{"$state/mailbox", PATH_READ | PATH_WRITE}},
    .calls = calls,
};

#define PEERS_MAX 1024
#define PATH_SIZE 1024
/* Requests to accounts that may be under way. */
#define ASK_MAX 1024
/* How often the process looks whether it has a parent. */
#define WATCH_TIME CLOCK_SECOND
/* How long one that is to end serves on for logins whose ticket it has. */
#define SETTLE_TIME (2 * CLOCK_SECOND)
/* How often what lies aside is tried again. */
#define ASIDE_TIME (10 * CLOCK_SECOND)

static const struct helper *helper;
static struct store *store;
static char boot[64], host[64];

static int
answer_ticket(struct request *q)
{
	unsigned char ticket[WIRE_TICKET_SIZE];
	struct mailbox_proof proof;
	char path[2 * OWNER_PATH_MAX];
	const void *data;
	size_t length;
	int64_t expiry;

	memset(&proof, 0, sizeof(proof));
	data = packet_get_data(&q->packet, WIRE_TICKET_SIZE, &length);
	if (length == sizeof(ticket))
		memcpy(ticket, data, length);
	packet_get_text(&q->packet, proof.name, sizeof(proof.name));
	proof.owner.uid = packet_get_u32(&q->packet);
	proof.owner.gid = packet_get_u32(&q->packet);
	packet_get_text(&q->packet, path, sizeof(path));
	expiry = (int64_t)packet_get_u64(&q->packet);
	if (packet_end(&q->packet) == -1 || length != sizeof(ticket) ||
	    mailbox_owners_path(&proof.owner, path) == -1)
		return -1;
	mailbox_proof_add(ticket, &proof, expiry);
	explicit_bzero(ticket, sizeof(ticket));
	request_drop(&q);
	return 0;
}

static int
answer_changed(struct request *q)
{
	char name[WIRE_NAME_MAX];

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	mailbox_owners_forget(name);
	request_drop(&q);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_SPOOL, ROLE_SMTPD, SERVER_FIBER, answer_spool, "spool"},
    {WIRE_DELIVER, ROLE_SMTPD, SERVER_FIBER | SERVER_FD, answer_deliver,
	"deliver"},
    {WIRE_ROOM, ROLE_SMTPD, SERVER_FIBER, answer_room, "room"},
    {WIRE_RETRACT, ROLE_SMTPD, SERVER_FIBER, answer_retract, "retract"},
    {WIRE_OPEN, ROLE_POP3D, SERVER_FIBER, answer_open, "open"},
    {WIRE_DAMAGED, ROLE_POP3D, 0, answer_damaged, "damaged"},
    {WIRE_FETCH, ROLE_POP3D, 0, answer_fetch, "fetch"},
    {WIRE_EXPUNGE, ROLE_POP3D, 0, answer_expunge, "expunge"},
    {WIRE_CLOSE, ROLE_POP3D, SERVER_FIBER, answer_close, "close"},
    {WIRE_LEAVE, ROLE_POP3D, SERVER_FIBER, answer_leave, "leave"},
    {WIRE_VISIT, ROLE_POP3D, 0, answer_visit, "visit"},
    {WIRE_MARK, ROLE_POP3D, 0, answer_mark, "mark"},
    {WIRE_SHELF, ROLE_POP3D, 0, answer_shelf, "shelf"},
    {WIRE_BOX_LIST, ROLE_ADMIN, SERVER_FIBER, answer_box_list, "box.list"},
    {WIRE_BOX_CHECK, ROLE_ADMIN, SERVER_FIBER | SERVER_FD, answer_box_check,
	"box.check"},
    {WIRE_BOX_REPAIR, ROLE_ADMIN, SERVER_FIBER | SERVER_FD, answer_box_repair,
	"box.repair"},
    {WIRE_BOX_IMPORT, ROLE_ADMIN, SERVER_FIBER | SERVER_FD, answer_box_import,
	"box.import"},
    {WIRE_BOX_XUIDL, ROLE_ADMIN, SERVER_FIBER | SERVER_FD, answer_box_xuidl,
	"box.xuidl"},
    {WIRE_BOX_VISIT, ROLE_ADMIN, SERVER_FIBER, answer_box_visit, "box.visit"},
    {WIRE_TICKET, ROLE_ACCOUNTS, 0, answer_ticket, "ticket"},
    {WIRE_CHANGED, ROLE_ACCOUNTS, 0, answer_changed, "changed"},
    {0},
};
static struct server server = {
    .rows = rows, .gone = mailbox_drop_gone, .peers_max = PEERS_MAX};

static void
yield(void)
{
	fiber_yield();
}

/* What no Maildir took: a lasting failure is told of by each start. */
static void
retry_aside(void)
{
	if (store_retry_aside(store, yield) == -1)
		log_warn("aside.failed", log_errno(errno));
	if (maildir_is_doubtful())
		mailbox_deliver_give_up();
}

/* Checkpoints; and, since a change of the effective uid makes the kernel forget
 * what it should do at the parent's death, a look at the parent. */
static void
keep_house(void *arg)
{
	int64_t due = clock_after(helper->conf->checkpoint_interval), next;
	int64_t retry = clock_after(ASIDE_TIME);

	(void)arg;
	for (;;) {
		next = clock_after(WATCH_TIME);
		if (ring_sleep(ring_self(), next < due ? next : due) == -1 &&
		    errno == ECANCELED)
			return;
		super_end_with_parent();
		if (clock_now() >= retry) {
			retry_aside();
			retry = clock_after(ASIDE_TIME);
		}
		if (clock_now() < due)
			continue;
		/* Or the checkpoint would, at once. */
		mailbox_remove_wait();
		if (store_checkpoint(store) == -1)
			mailbox_deliver_give_up();
		due = clock_after(helper->conf->checkpoint_interval);
	}
}

static int
start(void)
{
	const struct helpers_conf *conf = helper->conf;
	struct device *link;

	link = device_attach("accounts", helper->link_ask[0], ASK_MAX);
	if (link == NULL)
		return -1;
	mailbox_owners_setup(
	    link, conf->mail_root, helper->number, helper->mailboxes);
	mailbox_room_setup(store);
	mailbox_drop_setup(store, conf->exclusive);
	trash_setup(conf->trash, conf->trash_time);
	if (mailbox_deliver_setup(store, (unsigned)conf->batch) == -1 ||
	    server_attach(&server, helper->link_tell[0], ROLE_ACCOUNTS) == -1 ||
	    server_listen(&server, helper->smtpd, ROLE_SMTPD) == -1 ||
	    server_listen(&server, helper->pop3d, ROLE_POP3D) == -1 ||
	    server_listen(&server, helper->admin, ROLE_ADMIN) == -1)
		return -1;
	return mailbox_remove_setup(store) == -1
		   ? -1
		   : fiber_spawn("house", keep_house, NULL);
}

static void
serve(void *arg)
{
	int *failed = arg;

	if (start() == -1) {
		log_error("mailbox.serve", log_errno(errno));
		*failed = 1;
		worker_stop();
		return;
	}
	log_info("mailbox.ready", log_text("root", helper->conf->mail_root));
	service_notify_live_as(helper->beat);
	helper_serve_until_settled(mailbox_drop_is_settled, SETTLE_TIME);
}

/* What is read while it still can be: the boot's id and the host's name. */
static void
learn_machine(void)
{
	int fd;
	ssize_t n = 0;

	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, boot, sizeof(boot) - 1);
		close(fd);
	}
	/* Without it, each start replays as if the machine had stopped. */
	if (n <= 0)
		snprintf(boot, sizeof(boot), "%jd", (intmax_t)clock_wall());
	boot[strcspn(boot, "\n")] = '\0';
	if (gethostname(host, sizeof(host) - 1) == -1)
		snprintf(host, sizeof(host), "localhost");
}

static int
give_up_privileges(const struct helper *h)
{
	int keep[] = {
	    h->smtpd, h->pop3d, h->admin, h->link_ask[0], h->link_tell[0]};

	if (helper_drop(h, &privileges, keep, sizeof(keep) / sizeof(keep[0])) ==
	    -1)
		return -1;
	owner_setup((uid_t)h->conf->lowest_uid);
	return 0;
}

/* Those that are not there hold no Maildirs. */
static void
add_homes(const struct conf_list *homes)
{
	size_t i;

	for (i = 0; i < homes->count; i++)
		if (homes_add(homes->items[i]) == -1)
			log_warn("mailbox.homes",
			    log_text("path", homes->items[i]),
			    log_errno(errno));
}

/* 0; 1 where it is to end; -1 after a log line. */
static int
open_rooms(const struct helpers_conf *conf)
{
	char folder[PATH_SIZE], own[PATH_SIZE + 16];
	int opened;
	struct store_conf sc = {.folder = own,
	    .journal_size = (uint64_t)conf->journal_size,
	    .boot = boot};

	snprintf(folder, sizeof(folder), "%s/mailbox", conf->state);
	/* The root need not be readable to others than its owner. */
	opened = owner_become(helper->mail_uid, helper->mail_gid) == 0
		     ? maildir_setup(conf->mail_root, host)
		     : -1;
	owner_home();
	if (opened == -1) {
		log_error("mailbox.root", log_text("path", conf->mail_root),
		    log_errno(errno));
		return -1;
	}
	if (index_setup(folder, boot) == -1) {
		log_error("mailbox.index", log_text("path", folder),
		    log_errno(errno));
		return -1;
	}
	add_homes(&conf->homes);
	address_setup(&conf->case_sensitive);
	layout_folder(own, sizeof(own), folder, helper->number);
	if (layout_open(folder, helper->number, helper->mailboxes, &sc) == 0 &&
	    (store = store_open(&sc)) != NULL)
		return 0;
	if (errno == EINTR)
		return 1;
	log_error("mailbox.store", log_text("path", own), log_errno(errno));
	return -1;
}

int
mailbox_run(const struct helper *h)
{
	int failed = 0;

	helper = h;
	umask(0); /* modes are all spelt out */
	learn_machine();
	mailbox_proof_setup(h->seal);
	if (give_up_privileges(h) == -1)
		return 1;
	switch (open_rooms(h->conf)) {
	case 0:
		break;
	case 1:
		return 0;
	default:
		return 1;
	}
	if (worker_run(1, serve, &failed) == -1)
		failed = 1;
	store_close(&store);
	return failed;
}
