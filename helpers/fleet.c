/*
 * Whatever makes the start fail does so here, before the first process: users,
 * folders, sockets and the pairs between helpers.
 */
#include "fleet.h"
#include "heritage.h"
#include "listen.h"
#include "log.h"
#include "meter_read.h"
#include "meter_table.h"
#include "packet.h"
#include "privileges.h"
#include "settings.h"
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512

/* Names of processes, as in logs, and of their sockets. */
static const char *const first_names[MAILBOX + 1] = {"resolver", "accounts",
    "keys", "hasher", "pam", "introspect", "metrics", "mailbox"};

static void
find_user(const char *name, uid_t *uid, gid_t *gid)
{
	if (privileges_user(name, uid, gid) == -1)
		fatal("user %s: %s", name,
		    errno == ENOENT ? "no such user" : strerror(errno));
	if (*uid == 0)
		fatal("user %s: must not be root", name);
}

/* A folder with this owner and mode; its parent's owner is root. */
static void
make_folder(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	int fd;

	if (mkdir(path, mode) == -1 && errno != EEXIST)
		fatal("%s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fchown(fd, uid, gid) == -1 || fchmod(fd, mode) == -1)
		fatal("%s: %s", path, strerror(errno));
	close(fd);
}

static void
make_below(
    const char *above, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", above, name);
	make_folder(path, uid, gid, mode);
}

/* The mail root belongs to who owns virtual mailboxes; an existing one stays
 * as the administrator has made it. */
static void
make_mail_root(struct fleet *fleet, const struct helpers_conf *conf)
{
	struct stat st;

	if (stat(conf->mail_root, &st) == -1 && errno == ENOENT)
		make_folder(conf->mail_root, fleet->helpers[MAILBOX].mail_uid,
		    fleet->helpers[MAILBOX].mail_gid, 0711);
	else if (!S_ISDIR(st.st_mode))
		fatal("%s: not a folder", conf->mail_root);
}

static void
make_folders(struct fleet *fleet, const struct helpers_conf *conf, gid_t smtpd,
    gid_t pop3d)
{
	make_folder(conf->run, 0, 0, 0755);
	make_below(conf->run, "smtpd", 0, smtpd, 0750);
	make_below(conf->run, "pop3d", 0, pop3d, 0750);
	make_below(conf->run, "admin", 0, 0, 0700);
	make_below(conf->run, "empty", 0, 0, 0555);
	make_folder(conf->state, 0, 0, 0755);
	make_below(conf->state, "accounts", fleet->helpers[ACCOUNTS].uid,
	    fleet->helpers[ACCOUNTS].gid, 0700);
	make_below(conf->state, "mailbox", fleet->helpers[MAILBOX].uid,
	    fleet->helpers[MAILBOX].gid, 0700);
	make_mail_root(fleet, conf);
}

int
fleet_has(const struct fleet *fleet, int helper)
{
	return fleet->part == FLEET_ALL ||
	       (fleet->part == FLEET_RESOLVER) == (helper == RESOLVER);
}

/* Whether smtpd and pop3d ask it, and whether mailctl does. */
static int
has_socket(int i, enum sockets_folder folder)
{
	if (folder == SOCKETS_ADMIN)
		return i == ACCOUNTS || i >= MAILBOX;
	return i < HASHER || i == METRICS || i >= MAILBOX;
}

static void
make_sockets(struct fleet *fleet, const struct helpers_conf *conf, gid_t smtpd,
    gid_t pop3d)
{
	const gid_t groups[SOCKETS_FOLDERS] = {smtpd, pop3d, 0};
	int i, k;

	for (i = 0; i < HELPERS; i++) {
		struct helper *h = &fleet->helpers[i];
		int *const fds[] = {&h->smtpd, &h->pop3d, &h->admin};

		for (k = 0; k < SOCKETS_FOLDERS; k++)
			if (!has_socket(i, k) || !fleet_has(fleet, i))
				continue;
			else if (i < fleet->end &&
				 (i != METRICS || conf->metrics.count > 0))
				*fds[k] = sockets_listen(
				    conf->run, k, fleet->names[i], groups[k]);
			else /* of a time when there were more */
				sockets_remove(conf->run, k, fleet->names[i]);
	}
}

/* A UNIX socket's file is ours to remove, unless it was passed. */
static int
open_show(const char *address, const struct listen_access *access,
    struct listen_file *file)
{
	int fd, is_passed = 0, is_path = address[0] == '/';
	char why[512];

	if ((fd = heritage_socket(address, &is_passed)) == -1) {
		if (is_path) {
			if ((fd = listen_path_open(address, access, file)) ==
			    -1)
				fatal("metrics listen: %s: %s", address,
				    strerror(errno));
		} else if (listen_open(address, &fd, 1, why, sizeof(why)) ==
			   -1) {
			fatal("metrics listen: %s (with systemd, start "
			      "ringmail-metrics.socket before the helpers)",
			    why);
		}
	} else if (is_path && !is_passed &&
		   listen_path_permit(address, file, access) == -1) {
		log_warn("metrics.access", log_text("path", address),
		    log_errno(errno));
	}
	heritage_note(fd, address, is_passed);
	return fd;
}

/* Where the metrics are shown. */
static void
make_shows(struct fleet *fleet, const struct helpers_conf *conf)
{
	struct helper *h = &fleet->helpers[METRICS];
	struct listen_access access;
	char why[512];

	if (listen_access_parse(
		"0660", conf->metrics_group, &access, why, sizeof(why)) == -1)
		fatal("metrics group: %s", why);
	for (; h->shows < conf->metrics.count && h->shows < HELPER_SHOWS_MAX;
	     h->shows++)
		h->show[h->shows] = open_show(conf->metrics.items[h->shows],
		    &access, &fleet->files[h->shows]);
}

/* Pairs between accounts and so many processes: accounts' ends to its links,
 * the others' to theirs. */
static void
make_pairs(unsigned count, int *own, int *theirs)
{
	const int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int pair[2];

	for (unsigned i = 0; i < count; i++) {
		if (socketpair(AF_UNIX, type, 0, pair) == -1)
			fatal("socketpair: %s", strerror(errno));
		own[i] = pair[0];
		theirs[i] = pair[1];
	}
}

/* The processes that accounts has work for it, its ways to them, and other
 * pairs. */
static void
make_pools(struct fleet *fleet, const struct helpers_conf *conf)
{
	struct helper *a = &fleet->helpers[ACCOUNTS];

	a->hashers = (unsigned)conf->hash_processes;
	a->pams =
	    conf->pam_service[0] != '\0' ? (unsigned)conf->pam_processes : 0;
	a->programs = conf->token_program[0] != '\0'
			  ? (unsigned)conf->token_processes
			  : 0;
	make_pairs(a->hashers, a->link_hash, fleet->helpers[HASHER].link_hash);
	make_pairs(a->pams, a->link_pam, fleet->helpers[PAM].link_pam);
	make_pairs(a->programs, a->link_program,
	    fleet->helpers[INTROSPECT].link_program);
	make_pairs(1, &fleet->link_keys, &fleet->helpers[KEYS].link_parent);
	if (packet_socket(fleet->link_keys) == -1)
		fatal("socketpair: %s", strerror(errno));
	/* And two of its own for each mailbox helper. */
	for (int i = MAILBOX; i < fleet->end; i++) {
		make_pairs(
		    1, &a->link_ask[i - MAILBOX], fleet->helpers[i].link_ask);
		make_pairs(
		    1, &a->link_tell[i - MAILBOX], fleet->helpers[i].link_tell);
	}
}

const char *
fleet_name(int helper)
{
	static char name[24];

	if (helper <= MAILBOX)
		return first_names[helper];
	snprintf(name, sizeof(name), "mailbox.%d", helper - MAILBOX);
	return name;
}

int
fleet_helper_of(unsigned set)
{
	if (set == SET_METRICS)
		return METRICS;
	if (set >= SET_HELPER && set < SET_HASHER)
		return (int)(set - SET_HELPER);
	if (set < SETS_OF_METRICS || set >= SETS)
		return -1;
	if (set >= SET_INTROSPECT)
		return INTROSPECT;
	return set >= SET_PAM ? PAM : HASHER;
}

uint32_t
fleet_layout(void)
{
	uint32_t h = meter_layout();
	const char *name;
	int helper;

	for (unsigned set = 0; set < SETS; set++) {
		helper = fleet_helper_of(set);
		name = helper == -1 ? "-" : fleet_name(helper);
		for (; *name != '\0'; name++)
			h = (h ^ (unsigned char)*name) * 16777619U;
	}
	return h;
}

/* The helpers that the conf asks for, as yet without anything. */
static void
lay_out(struct fleet *fleet, const struct helpers_conf *conf)
{
	int i, k;

	fleet->end = MAILBOX + (int)conf->mail_helpers;
	for (i = 0; i < HELPERS; i++) {
		struct helper *h = &fleet->helpers[i];

		h->conf = conf;
		h->smtpd = h->pop3d = h->admin = h->link_parent = -1;
		h->mailboxes = (unsigned)conf->mail_helpers;
		for (k = 0; k < WIRE_HELPERS_MAX; k++)
			h->link_ask[k] = h->link_tell[k] = -1;
		if (i > MAILBOX)
			h->number = (unsigned)(i - MAILBOX);
		snprintf(fleet->names[i], sizeof(fleet->names[i]), "%.15s",
		    fleet_name(i));
	}
}

static void
find_users(struct fleet *fleet, const struct helpers_conf *conf)
{
	uid_t uid;
	gid_t gid;
	int i;

	find_user(conf->mailbox_user, &uid, &gid);
	for (i = 0; i < HELPERS; i++) {
		struct helper *h = &fleet->helpers[i];

		find_user(conf->mail_user, &h->mail_uid, &h->mail_gid);
		if (i >= MAILBOX) {
			h->uid = uid;
			h->gid = gid;
		}
	}
	find_user(conf->resolver_user, &fleet->helpers[RESOLVER].uid,
	    &fleet->helpers[RESOLVER].gid);
	find_user(conf->accounts_user, &fleet->helpers[ACCOUNTS].uid,
	    &fleet->helpers[ACCOUNTS].gid);
	find_user(conf->hasher_user, &fleet->helpers[HASHER].uid,
	    &fleet->helpers[HASHER].gid);
	if (conf->token_program[0] != '\0')
		find_user(conf->introspect_user,
		    &fleet->helpers[INTROSPECT].uid,
		    &fleet->helpers[INTROSPECT].gid);
	if (conf->metrics.count > 0)
		find_user(conf->metrics_user, &fleet->helpers[METRICS].uid,
		    &fleet->helpers[METRICS].gid);
	find_user(conf->keys_user, &fleet->helpers[KEYS].uid,
	    &fleet->helpers[KEYS].gid);
	if (fleet->helpers[MAILBOX].mail_uid < conf->lowest_uid ||
	    fleet->helpers[MAILBOX].mail_gid < conf->lowest_uid)
		fatal("user %s: its ids are below lowest_uid", conf->mail_user);
}

/* Memory to count in, and a place for that of smtpd and pop3d: with what was
 * handed on. */
static void
make_meter(struct fleet *fleet)
{
	const uint32_t layout = fleet_layout();
	int *park = fleet->helpers[METRICS].park, old = -1;

	if (meter_share(SETS) == -1) {
		log_warn("meter.not_shared", log_errno(errno));
		return;
	}
	if (!heritage_meter(layout, &old, park))
		make_pairs(1, &park[0], &park[1]);
	else if (meter_inherit(old) == -1)
		log_warn("meter.not_shared", log_errno(errno));
	if (old != -1)
		close(old);
	heritage_note_meter(layout, meter_descriptor(), park);
}

void
fleet_prepare(struct fleet *fleet, const struct helpers_conf *conf)
{
	uid_t uid;
	gid_t smtpd, pop3d;

	umask(077);
	lay_out(fleet, conf);
	find_users(fleet, conf);
	find_user(conf->smtpd_user, &uid, &smtpd);
	find_user(conf->pop3d_user, &uid, &pop3d);
	if (fleet->part != FLEET_RESOLVER) {
		make_folders(fleet, conf, smtpd, pop3d);
		make_pools(fleet, conf);
	}
	heritage_take();
	if (!heritage_seal(fleet->helpers[MAILBOX].seal,
		sizeof(fleet->helpers[MAILBOX].seal)) &&
	    getrandom(fleet->helpers[MAILBOX].seal,
		sizeof(fleet->helpers[MAILBOX].seal),
		0) != sizeof(fleet->helpers[MAILBOX].seal))
		fatal("getrandom: %s", strerror(errno));
	for (int i = MAILBOX + 1; i < fleet->end; i++)
		memcpy(fleet->helpers[i].seal, fleet->helpers[MAILBOX].seal,
		    sizeof(fleet->helpers[i].seal));
	make_sockets(fleet, conf, smtpd, pop3d);
	if (fleet_has(fleet, METRICS))
		make_shows(fleet, conf);
	make_meter(fleet);
	heritage_end();
}

void
fleet_remove_sockets(struct fleet *fleet, const struct helpers_conf *conf)
{
	for (int i = 0; i < fleet->end; i++)
		for (int k = 0; k < SOCKETS_FOLDERS; k++)
			if (has_socket(i, k) && fleet_has(fleet, i))
				sockets_remove(conf->run, k, fleet->names[i]);
	for (size_t i = 0; i < fleet->helpers[METRICS].shows; i++)
		if (conf->metrics.items[i][0] == '/')
			listen_path_remove(
			    conf->metrics.items[i], &fleet->files[i]);
}

/* Whether two lists differ. */
static int
differ(const struct conf_list *a, const struct conf_list *b)
{
	if (a->count != b->count)
		return 1;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return 1;
	return 0;
}

const char *
fleet_needs_restart(const struct helpers_conf *a, const struct helpers_conf *b)
{
	const struct {
		const char *name, *a, *b;
	} fixed[] = {
	    {"run", a->run, b->run},
	    {"state", a->state, b->state},
	    {"users resolver", a->resolver_user, b->resolver_user},
	    {"users accounts", a->accounts_user, b->accounts_user},
	    {"users mailbox", a->mailbox_user, b->mailbox_user},
	    {"users keys", a->keys_user, b->keys_user},
	    {"users smtpd", a->smtpd_user, b->smtpd_user},
	    {"users pop3d", a->pop3d_user, b->pop3d_user},
	    {"users hasher", a->hasher_user, b->hasher_user},
	    {"users metrics", a->metrics_user, b->metrics_user},
	    {"metrics group", a->metrics_group, b->metrics_group},
	    {"users introspect", a->introspect_user, b->introspect_user},
	    {"tokens program", a->token_program, b->token_program},
	    {"pam service", a->pam_service, b->pam_service},
	    {"mail root", a->mail_root, b->mail_root},
	    {"mail user", a->mail_user, b->mail_user},
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(fixed[i].a, fixed[i].b) != 0)
			return fixed[i].name;
	if (differ(&a->metrics, &b->metrics))
		return "metrics listen";
	if (a->hash_processes != b->hash_processes)
		return "accounts hash_processes";
	if (a->pam_processes != b->pam_processes)
		return "pam processes";
	if (a->token_processes != b->token_processes)
		return "tokens processes";
	if (a->lowest_uid != b->lowest_uid)
		return "mail lowest_uid";
	if (a->mail_helpers != b->mail_helpers)
		return "mail helpers";
	return a->log != b->log ? "log target" : NULL;
}
