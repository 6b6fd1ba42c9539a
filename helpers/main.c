/*
 * The helpers' parent: makes folders, sockets and pairs, and runs one process
 * for each helper.  It reads nothing that a client or a helper sends.
 */
#include "helper.h"
#include "log.h"
#include "privileges.h"
#include "settings.h"
#include "sockets.h"
#include "super.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512

/* The mailbox helpers come last: one, or more. */
enum {
	RESOLVER,
	ACCOUNTS,
	KEYS,
	HASHER,
	PAM,
	INTROSPECT,
	MAILBOX,
	HELPERS = MAILBOX + WIRE_HELPERS_MAX
};

static const char usage[] =
    "usage: helpers [-hnV] [-c FILE]\n"
    "  -c FILE  read this conf (/etc/ringmail/helpers.conf)\n"
    "  -n       check the conf and exit\n"
    "  -V       print the version and exit\n";

static struct helper helpers[HELPERS];
static int end = MAILBOX + 1; /* of those that the conf asks for */
/* Names of processes, as in logs, and of their sockets. */
static char names[HELPERS][16] = {
    "resolver", "accounts", "keys", "hasher", "pam", "introspect", "mailbox"};

static const char *conf_path = "/etc/ringmail/helpers.conf";
static struct helpers_conf *conf_now;

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

/* Whether smtpd and pop3d ask it, and whether mailctl does. */
static int
has_socket(int i, enum sockets_folder folder)
{
	if (folder == SOCKETS_ADMIN)
		return i == ACCOUNTS || i >= MAILBOX;
	return i < HASHER || i >= MAILBOX;
}

static void
make_sockets(const struct helpers_conf *conf, gid_t smtpd, gid_t pop3d)
{
	const gid_t groups[SOCKETS_FOLDERS] = {smtpd, pop3d, 0};
	int i, k;

	for (i = 0; i < HELPERS; i++) {
		struct helper *h = &helpers[i];
		int *const fds[] = {&h->smtpd, &h->pop3d, &h->admin};

		for (k = 0; k < SOCKETS_FOLDERS; k++)
			if (!has_socket(i, k))
				continue;
			else if (i < end)
				*fds[k] = sockets_listen(
				    conf->run, k, names[i], groups[k]);
			else /* of a time when there were more */
				sockets_remove(conf->run, k, names[i]);
	}
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
	a->programs = conf->token_program[0] != '\0'
			  ? (unsigned)conf->token_processes
			  : 0;
	make_pairs(a->hashers, a->link_hash, helpers[HASHER].link_hash);
	make_pairs(a->pams, a->link_pam, helpers[PAM].link_pam);
	make_pairs(
	    a->programs, a->link_program, helpers[INTROSPECT].link_program);
	/* And two of its own for each mailbox helper. */
	for (int i = MAILBOX; i < end; i++) {
		make_pairs(1, &a->link_ask[i - MAILBOX], helpers[i].link_ask);
		make_pairs(1, &a->link_tell[i - MAILBOX], helpers[i].link_tell);
	}
}

/* The helpers that the conf asks for, as yet without anything. */
static void
lay_out(const struct helpers_conf *conf)
{
	int i, k;

	end = MAILBOX + (int)conf->mail_helpers;
	for (i = 0; i < HELPERS; i++) {
		struct helper *h = &helpers[i];

		h->conf = conf;
		h->smtpd = h->pop3d = h->admin = -1;
		h->mailboxes = (unsigned)conf->mail_helpers;
		for (k = 0; k < WIRE_HELPERS_MAX; k++)
			h->link_ask[k] = h->link_tell[k] = -1;
		if (i > MAILBOX) {
			h->number = (unsigned)(i - MAILBOX);
			snprintf(names[i], sizeof(names[i]), "mailbox.%u",
			    h->number);
		}
	}
}

static void
find_users(const struct helpers_conf *conf)
{
	uid_t uid;
	gid_t gid;
	int i;

	find_user(conf->mailbox_user, &uid, &gid);
	for (i = 0; i < HELPERS; i++) {
		struct helper *h = &helpers[i];

		find_user(conf->mail_user, &h->mail_uid, &h->mail_gid);
		if (i >= MAILBOX) {
			h->uid = uid;
			h->gid = gid;
		}
	}
	find_user(conf->resolver_user, &helpers[RESOLVER].uid,
	    &helpers[RESOLVER].gid);
	find_user(conf->accounts_user, &helpers[ACCOUNTS].uid,
	    &helpers[ACCOUNTS].gid);
	find_user(
	    conf->hasher_user, &helpers[HASHER].uid, &helpers[HASHER].gid);
	if (conf->token_program[0] != '\0')
		find_user(conf->introspect_user, &helpers[INTROSPECT].uid,
		    &helpers[INTROSPECT].gid);
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
	lay_out(conf);
	find_users(conf);
	find_user(conf->smtpd_user, &uid, &smtpd);
	find_user(conf->pop3d_user, &uid, &pop3d);
	make_folders(conf, smtpd, pop3d);
	make_pools(conf);
	if (getrandom(helpers[MAILBOX].seal, sizeof(helpers[MAILBOX].seal),
		0) != sizeof(helpers[MAILBOX].seal))
		fatal("getrandom: %s", strerror(errno));
	for (int i = MAILBOX + 1; i < end; i++)
		memcpy(helpers[i].seal, helpers[MAILBOX].seal,
		    sizeof(helpers[i].seal));
	make_sockets(conf, smtpd, pop3d);
}

/* In a child: what belongs to the others goes. */
static const struct helper *
only(int helper)
{
	for (int i = MAILBOX; helper < MAILBOX && i < end; i++)
		explicit_bzero(helpers[i].seal, sizeof(helpers[i].seal));
	return &helpers[helper];
}

/* arg: which helper. */
static int
run_helper(void *arg)
{
	const struct helper *h = arg;
	int i = (int)(h - helpers);

	log_rename(names[i]);
	only(i);
	switch (i) {
	case RESOLVER:
		return resolver_run(h);
	case ACCOUNTS:
		return accounts_run(h);
	case KEYS:
		return keys_run(h);
	default:
		return mailbox_run(h);
	}
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

static int
run_introspect(void *arg)
{
	struct helper *h = &helpers[INTROSPECT];

	log_rename(names[INTROSPECT]);
	h->link_program[0] = h->link_program[*(const unsigned *)arg];
	return introspect_run(only(INTROSPECT));
}

static void
remove_sockets(const struct helpers_conf *conf)
{
	for (int i = 0; i < end; i++)
		for (int k = 0; k < SOCKETS_FOLDERS; k++)
			if (has_socket(i, k))
				sockets_remove(conf->run, k, names[i]);
}

#define CHILDREN_MAX                                      \
	(HELPERS + HELPER_HASHERS_MAX + HELPER_PAMS_MAX + \
	    HELPER_PROGRAMS_MAX + 1)
static struct super_child children[CHILDREN_MAX];

static void
add_child(const char *name, int (*run_one)(void *), void *arg)
{
	struct super_child *c = children;

	while (c->name != NULL)
		c++;
	*c = (struct super_child){.name = name, .run = run_one, .arg = arg};
}

static void
add_children(void)
{
	static unsigned numbers[HELPER_HASHERS_MAX];
	unsigned i;

	add_child(names[RESOLVER], run_helper, &helpers[RESOLVER]);
	add_child(names[ACCOUNTS], run_helper, &helpers[ACCOUNTS]);
	for (int k = MAILBOX; k < end; k++)
		add_child(names[k], run_helper, &helpers[k]);
	add_child(names[KEYS], run_helper, &helpers[KEYS]);
	for (i = 0; i < HELPER_HASHERS_MAX; i++)
		numbers[i] = i;
	for (i = 0; i < helpers[ACCOUNTS].hashers; i++)
		add_child(names[HASHER], run_hasher, &numbers[i]);
	for (i = 0; i < helpers[ACCOUNTS].pams; i++)
		add_child(names[PAM], run_pam, &numbers[i]);
	for (i = 0; i < helpers[ACCOUNTS].programs; i++)
		add_child(names[INTROSPECT], run_introspect, &numbers[i]);
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
	    {"users introspect", a->introspect_user, b->introspect_user},
	    {"tokens program", a->token_program, b->token_program},
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
	if (a->token_processes != b->token_processes)
		return "tokens processes";
	if (a->lowest_uid != b->lowest_uid)
		return "mail lowest_uid";
	if (a->mail_helpers != b->mail_helpers)
		return "mail helpers";
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
	add_children();
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
