/*
 * The helpers' parent: makes folders, sockets and pairs, and runs one process
 * for each helper.  It reads nothing that a client or a helper sends.
 */
#include "helper.h"
#include "log.h"
#include "privileges.h"
#include "settings.h"
#include "super.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG	  1024
#define PATH_SIZE 512

enum { RESOLVER, ACCOUNTS, MAILBOX, KEYS, HASHER, PAM, HELPERS };

static const char usage[] =
    "usage: helpers [-hnV] [-c FILE]\n"
    "  -c FILE  read this conf (/etc/ringmail/helpers.conf)\n"
    "  -n       check the conf and exit\n"
    "  -V       print the version and exit\n";

static struct helper helpers[HELPERS];

static const char *conf_path = "/etc/ringmail/helpers.conf";
static struct helpers_conf *conf_now;

/* The sockets, and who owns them: socket files are removed at the end. */
static const struct place {
	int helper;
	const char *folder, *name;
} places[] = {
    {RESOLVER, "smtpd", "resolver"},
    {ACCOUNTS, "smtpd", "accounts"},
    {MAILBOX, "smtpd", "mailbox"},
    {KEYS, "smtpd", "keys"},
    {RESOLVER, "pop3d", "resolver"},
    {ACCOUNTS, "pop3d", "accounts"},
    {MAILBOX, "pop3d", "mailbox"},
    {KEYS, "pop3d", "keys"},
    {ACCOUNTS, "admin", "accounts"},
    {MAILBOX, "admin", "mailbox"},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

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
make_mail_root(const struct helpers_conf *conf)
{
	struct stat st;

	if (stat(conf->mail_root, &st) == -1 && errno == ENOENT)
		make_folder(conf->mail_root, helpers[MAILBOX].mail_uid,
		    helpers[MAILBOX].mail_gid, 0711);
	else if (!S_ISDIR(st.st_mode))
		fatal("%s: not a folder", conf->mail_root);
}

static void
make_folders(const struct helpers_conf *conf, gid_t smtpd, gid_t pop3d)
{
	make_folder(conf->run, 0, 0, 0755);
	make_below(conf->run, "smtpd", 0, smtpd, 0750);
	make_below(conf->run, "pop3d", 0, pop3d, 0750);
	make_below(conf->run, "admin", 0, 0, 0700);
	make_below(conf->run, "empty", 0, 0, 0555);
	make_folder(conf->state, 0, 0, 0755);
	make_below(conf->state, "accounts", helpers[ACCOUNTS].uid,
	    helpers[ACCOUNTS].gid, 0700);
	make_below(conf->state, "mailbox", helpers[MAILBOX].uid,
	    helpers[MAILBOX].gid, 0700);
	make_mail_root(conf);
}

static void
socket_address(struct sockaddr_un *a, const struct helpers_conf *conf,
    const struct place *p)
{
	int n;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	n = snprintf(a->sun_path, sizeof(a->sun_path), "%s/%s/%s", conf->run,
	    p->folder, p->name);
	if (n < 0 || (size_t)n >= sizeof(a->sun_path))
		fatal("%s: path too long for sockets", conf->run);
}

/* A listening socket that the group of its folder may connect to. */
static int
listen_at(const struct helpers_conf *conf, const struct place *p, gid_t group)
{
	struct sockaddr_un a;
	int fd;

	socket_address(&a, conf, p);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		fatal("socket: %s", strerror(errno));
	if (unlink(a.sun_path) == -1 && errno != ENOENT)
		fatal("%s: %s", a.sun_path, strerror(errno));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    chown(a.sun_path, 0, group) == -1 ||
	    chmod(a.sun_path, 0660) == -1 || listen(fd, BACKLOG) == -1)
		fatal("%s: %s", a.sun_path, strerror(errno));
	return fd;
}

static void
make_sockets(const struct helpers_conf *conf, gid_t smtpd, gid_t pop3d)
{
	size_t i;

	for (i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct helper *h = &helpers[p->helper];

		if (strcmp(p->folder, "smtpd") == 0)
			h->smtpd = listen_at(conf, p, smtpd);
		else if (strcmp(p->folder, "pop3d") == 0)
			h->pop3d = listen_at(conf, p, pop3d);
		else
			h->admin = listen_at(conf, p, 0);
	}
}

static void
make_links(void)
{
	int ask[2], tell[2];
	const int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;

	if (socketpair(AF_UNIX, type, 0, ask) == -1 ||
	    socketpair(AF_UNIX, type, 0, tell) == -1)
		fatal("socketpair: %s", strerror(errno));
	helpers[MAILBOX].link_ask = ask[0];
	helpers[ACCOUNTS].link_ask = ask[1];
	helpers[ACCOUNTS].link_tell = tell[0];
	helpers[MAILBOX].link_tell = tell[1];
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

/* The processes that accounts has work for it, and its ways to them. */
static void
make_pools(const struct helpers_conf *conf)
{
	struct helper *a = &helpers[ACCOUNTS];

	a->hashers = (unsigned)conf->hash_processes;
	a->pams =
	    conf->pam_service[0] != '\0' ? (unsigned)conf->pam_processes : 0;
	make_pairs(a->hashers, a->link_hash, helpers[HASHER].link_hash);
	make_pairs(a->pams, a->link_pam, helpers[PAM].link_pam);
}

static void
find_users(const struct helpers_conf *conf)
{
	int i;

	for (i = 0; i < HELPERS; i++) {
		struct helper *h = &helpers[i];

		h->conf = conf;
		h->smtpd = h->pop3d = h->admin = -1;
		h->link_ask = h->link_tell = -1;
		find_user(conf->mail_user, &h->mail_uid, &h->mail_gid);
	}
	find_user(conf->resolver_user, &helpers[RESOLVER].uid,
	    &helpers[RESOLVER].gid);
	find_user(conf->accounts_user, &helpers[ACCOUNTS].uid,
	    &helpers[ACCOUNTS].gid);
	find_user(
	    conf->hasher_user, &helpers[HASHER].uid, &helpers[HASHER].gid);
	find_user(
	    conf->mailbox_user, &helpers[MAILBOX].uid, &helpers[MAILBOX].gid);
	find_user(conf->keys_user, &helpers[KEYS].uid, &helpers[KEYS].gid);
	if (helpers[MAILBOX].mail_uid < conf->lowest_uid ||
	    helpers[MAILBOX].mail_gid < conf->lowest_uid)
		fatal("user %s: its ids are below lowest_uid", conf->mail_user);
}

/* Whatever makes the start fail does so here, before the first process. */
static void
prepare(const struct helpers_conf *conf)
{
	uid_t uid;
	gid_t smtpd, pop3d;

	umask(077);
	find_users(conf);
	find_user(conf->smtpd_user, &uid, &smtpd);
	find_user(conf->pop3d_user, &uid, &pop3d);
	make_folders(conf, smtpd, pop3d);
	make_links();
	make_pools(conf);
	if (getrandom(helpers[MAILBOX].seal, sizeof(helpers[MAILBOX].seal),
		0) != sizeof(helpers[MAILBOX].seal))
		fatal("getrandom: %s", strerror(errno));
	make_sockets(conf, smtpd, pop3d);
}

/* In a child: what belongs to the others goes. */
static const struct helper *
only(int helper)
{
	if (helper != MAILBOX)
		explicit_bzero(
		    helpers[MAILBOX].seal, sizeof(helpers[MAILBOX].seal));
	return &helpers[helper];
}

static int
run_resolver(void *arg)
{
	(void)arg;
	log_rename("resolver");
	return resolver_run(only(RESOLVER));
}

static int
run_accounts(void *arg)
{
	(void)arg;
	log_rename("accounts");
	return accounts_run(only(ACCOUNTS));
}

static int
run_mailbox(void *arg)
{
	(void)arg;
	log_rename("mailbox");
	return mailbox_run(only(MAILBOX));
}

static int
run_keys(void *arg)
{
	(void)arg;
	log_rename("keys");
	return keys_run(only(KEYS));
}

/* arg: which one of them.  A process needs its own end alone. */
static int
run_hasher(void *arg)
{
	struct helper *h = &helpers[HASHER];

	log_rename("hasher");
	h->link_hash[0] = h->link_hash[*(const unsigned *)arg];
	return hasher_run(only(HASHER));
}

static int
run_pam(void *arg)
{
	struct helper *h = &helpers[PAM];

	log_rename("pam");
	h->link_pam[0] = h->link_pam[*(const unsigned *)arg];
	return pam_run(only(PAM));
}

static void
remove_sockets(const struct helpers_conf *conf)
{
	struct sockaddr_un a;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		socket_address(&a, conf, &places[i]);
		unlink(a.sun_path);
	}
}

/* Those of the first lines, the hashers, those that ask PAM, and the end. */
#define CHILDREN_MAX (4 + HELPER_HASHERS_MAX + HELPER_PAMS_MAX + 1)
static struct super_child children[CHILDREN_MAX] = {
    {.name = "resolver", .run = run_resolver},
    {.name = "accounts", .run = run_accounts},
    {.name = "mailbox", .run = run_mailbox},
    {.name = "keys", .run = run_keys},
    {.name = NULL},
};

/* Adds so many processes of a kind. */
static void
add_children(const char *name, int (*run_one)(void *), unsigned count)
{
	static unsigned numbers[HELPER_HASHERS_MAX];
	struct super_child *c = children;

	while (c->name != NULL)
		c++;
	for (unsigned i = 0; i < count; i++) {
		numbers[i] = i;
		*c++ = (struct super_child){
		    .name = name, .run = run_one, .arg = &numbers[i]};
	}
}

/* What the parent has made of the conf when it was root alone: the name of a
 * setting that differs, NULL for none. */
static const char *
needs_restart(const struct helpers_conf *a, const struct helpers_conf *b)
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
	    {"pam service", a->pam_service, b->pam_service},
	    {"mail root", a->mail_root, b->mail_root},
	    {"mail user", a->mail_user, b->mail_user},
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(fixed[i].a, fixed[i].b) != 0)
			return fixed[i].name;
	if (a->hash_processes != b->hash_processes)
		return "accounts hash_processes";
	if (a->pam_processes != b->pam_processes)
		return "pam processes";
	if (a->lowest_uid != b->lowest_uid)
		return "mail lowest_uid";
	return a->log != b->log ? "log target" : NULL;
}

/* SIGHUP: all helpers start anew with the new conf; no session ends of it. */
static int
reload(void)
{
	char error[512];
	struct helpers_conf *old = conf_now;
	struct helpers_conf *new =
	    settings_load(conf_path, error, sizeof(error));
	const char *setting;

	if (new == NULL) {
		log_error("reload.refused", log_text("error", error));
		return -1;
	}
	if ((setting = needs_restart(old, new)) != NULL) {
		log_error("reload.refused", log_text("needs_restart", setting));
		settings_free(&new);
		return -1;
	}
	conf_now = new;
	for (int i = 0; i < HELPERS; i++)
		helpers[i].conf = new;
	log_set_level((enum log_level) new->log_level);
	settings_free(&old);
	super_restart(children);
	log_info("reload.done");
	return -1; /* SIGHUP means nothing to a helper */
}

static int
run(void)
{
	int result;

	super_block_signals();
	prepare(conf_now);
	add_children("hasher", run_hasher, helpers[ACCOUNTS].hashers);
	add_children("pam", run_pam, helpers[ACCOUNTS].pams);
	log_info("ready", log_text("run", conf_now->run));
	result = super_run(children, reload);
	remove_sockets(conf_now);
	log_info("end");
	return result;
}

static struct helpers_conf *
load(const char *path)
{
	char error[512];
	struct helpers_conf *conf = settings_load(path, error, sizeof(error));

	if (conf == NULL)
		fatal("%s", error);
	return conf;
}

int
main(int argc, char **argv)
{
	int option, check = 0, result;

	while ((option = getopt(argc, argv, "c:nVh")) != -1)
		switch (option) {
		case 'c':
			conf_path = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'V':
			puts("ringmail helpers " VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 64; /* EX_USAGE of sysexits.h */
		}
	if (optind != argc) {
		fputs(usage, stderr);
		return 64; /* EX_USAGE of sysexits.h */
	}
	conf_now = load(conf_path);
	if (check) {
		settings_free(&conf_now);
		return 0;
	}
	log_open("helpers", (enum log_target)conf_now->log);
	log_set_level((enum log_level)conf_now->log_level);
	result = run();
	settings_free(&conf_now);
	return result;
}
