/*
 * The helpers' parent: has the fleet made and runs one process for each
 * helper.  It reads nothing that a client or a helper sends.
 */
#include "conf_print.h"
#include "fleet.h"
#include "heritage.h"
#include "keys_news.h"
#include "log.h"
#include "meter.h"
#include "settings.h"
#include "service_notify.h"
#include "super.h"
#include "super_exec.h"
#include "super_pid.h"
#include "super_restoring.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: helpers [-hnV] [-c FILE] [-d WHAT] [-o resolver | -x resolver]\n"
    "  -c FILE  read this conf (/etc/ringmail/helpers.conf)\n"
    "  -o NAME  run this helper only; -x: all but this one\n"
    "  -n       check the conf and exit\n"
    "  -d WHAT  print the conf and exit: diff, all, json, or a name\n"
    "  -V       print the version and exit\n";

static struct fleet fleet;
static const char *conf_path = "/etc/ringmail/helpers.conf";
static struct helpers_conf *conf_now;

/* In a child: what belongs to the others goes. */
static const struct helper *
only(int helper)
{
	for (int i = MAILBOX; helper < MAILBOX && i < fleet.end; i++)
		explicit_bzero(
		    fleet.helpers[i].seal, sizeof(fleet.helpers[i].seal));
	return &fleet.helpers[helper];
}

/* arg: which helper. */
static int
run_helper(void *arg)
{
	const struct helper *h = arg;
	int i = (int)(h - fleet.helpers);

	log_rename(fleet.names[i]);
	service_notify_start_as(h->beat);
	if (i == METRICS)
		meter_begin(SET_METRICS, SETS_OF_METRICS, METER_OTHERS_READ);
	else
		meter_begin(SET_HELPER + (unsigned)i, 1, METER_OTHERS_GO);
	only(i);
	switch (i) {
	case RESOLVER:
		return resolver_run(h);
	case ACCOUNTS:
		return accounts_run(h);
	case KEYS:
		return keys_run(h);
	case METRICS:
		return metrics_run(h);
	default:
		return mailbox_run(h);
	}
}

/* arg: which one of them.  A process needs its own end alone. */
static int
run_hasher(void *arg)
{
	struct helper *h = &fleet.helpers[HASHER];

	log_rename("hasher");
	meter_begin(SET_HASHER + *(const unsigned *)arg, 1, METER_OTHERS_GO);
	h->link_hash[0] = h->link_hash[*(const unsigned *)arg];
	return hasher_run(only(HASHER));
}

static int
run_pam(void *arg)
{
	struct helper *h = &fleet.helpers[PAM];

	log_rename("pam");
	meter_begin(SET_PAM + *(const unsigned *)arg, 1, METER_OTHERS_GO);
	h->link_pam[0] = h->link_pam[*(const unsigned *)arg];
	return pam_run(only(PAM));
}

static int
run_introspect(void *arg)
{
	struct helper *h = &fleet.helpers[INTROSPECT];

	log_rename(fleet.names[INTROSPECT]);
	meter_begin(
	    SET_INTROSPECT + *(const unsigned *)arg, 1, METER_OTHERS_GO);
	h->link_program[0] = h->link_program[*(const unsigned *)arg];
	return introspect_run(only(INTROSPECT));
}

/* The set of cells of a child. */
static unsigned
set_of(const struct super_child *c)
{
	const struct helper *h = c->arg;

	if (c->run == run_hasher)
		return SET_HASHER + *(const unsigned *)c->arg;
	if (c->run == run_pam)
		return SET_PAM + *(const unsigned *)c->arg;
	if (c->run == run_introspect)
		return SET_INTROSPECT + *(const unsigned *)c->arg;
	return h == &fleet.helpers[METRICS]
		   ? SET_METRICS
		   : SET_HELPER + (unsigned)(h - fleet.helpers);
}

/* What waits in it, or for it, waits no more. */
static void
note_end(const struct super_child *c)
{
	meter_end(set_of(c));
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

/* Those that say when they serve, and that they live. */
static unsigned
add_helpers(void)
{
	static const int order[] = {RESOLVER, ACCOUNTS, MAILBOX, KEYS};
	unsigned beats = 0;
	int end;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		end = order[i] == MAILBOX ? fleet.end : order[i] + 1;
		for (int k = order[i]; k < end && fleet_has(&fleet, k); k++) {
			fleet.helpers[k].beat = beats++;
			add_child(
			    fleet.names[k], run_helper, &fleet.helpers[k]);
		}
	}
	return beats;
}

static void
add_others(void)
{
	static unsigned numbers[HELPER_HASHERS_MAX];
	struct helper *metrics = &fleet.helpers[METRICS];
	unsigned i;

	/* Mail goes on where it hangs. */
	metrics->beat = UINT_MAX;
	if (metrics->shows > 0)
		add_child(fleet.names[METRICS], run_helper, metrics);

	for (i = 0; i < HELPER_HASHERS_MAX; i++)
		numbers[i] = i;
	for (i = 0; i < fleet.helpers[ACCOUNTS].hashers; i++)
		add_child(fleet.names[HASHER], run_hasher, &numbers[i]);
	for (i = 0; i < fleet.helpers[ACCOUNTS].pams; i++)
		add_child(fleet.names[PAM], run_pam, &numbers[i]);
	for (i = 0; i < fleet.helpers[ACCOUNTS].programs; i++)
		add_child(fleet.names[INTROSPECT], run_introspect, &numbers[i]);
}

static void
set_log(const struct helpers_conf *conf)
{
	log_set_level((enum log_level)conf->log_level);
	log_set_format((enum log_format)conf->log_format);
	log_set_rate(conf->log_rate);
}

/* What the watchdog can know: a helper that is silent since the latest start of
 * any is stuck.  One that starts may have a long journal to replay. */
static int64_t
tick(void)
{
	int64_t started = 0;

	for (const struct super_child *c = children; c->name != NULL; c++)
		if (c->started > started)
			started = c->started;
	return service_notify_tick(service_notify_is_ready() ? started : 0);
}

static void
say_stopping(void)
{
	service_notify("STOPPING=1");
}

/*
 * keys stays, and is told: what it has signed for may be shown yet.  One that
 * is not there, or can't be told, reads the folder as it starts.
 */
static void
tell_keys(const struct helpers_conf *conf)
{
	for (struct super_child *c = children; c->name != NULL; c++) {
		if (c->arg != &fleet.helpers[KEYS])
			continue;
		c->stays = 0;
		if (c->pid <= 0)
			continue;
		c->stays = keys_news_send(fleet.link_keys, conf->keys_folder,
			       conf->keys_keep) == 0;
		if (!c->stays)
			log_error("keys.not_told", log_errno(errno));
	}
}

/*
 * The conf as it is by now, where a running fleet can have it.  NULL with a
 * reason in why[size], or with *setting, which needs a restart.
 */
static struct helpers_conf *
load_again(char *why, size_t size, const char **setting)
{
	struct helpers_conf *new = settings_load(conf_path, why, size);

	*setting = new == NULL ? NULL : fleet_needs_restart(conf_now, new);
	if (*setting != NULL)
		settings_free(&new);
	return new;
}

/* SIGHUP: all helpers but keys start anew with the new conf; no session ends of
 * it. */
static int
reload_conf(void)
{
	char error[512];
	const char *setting;
	struct helpers_conf *old = conf_now;
	struct helpers_conf *new = load_again(error, sizeof(error), &setting);

	if (new == NULL) {
		if (setting != NULL)
			log_error("reload.refused",
			    log_text("needs_restart", setting));
		else
			log_error("reload.refused", log_text("error", error));
		return -1;
	}
	conf_now = new;
	for (int i = 0; i < HELPERS; i++)
		fleet.helpers[i].conf = new;
	set_log(new);
	settings_free(&old);
	tell_keys(new);
	super_restart(children);
	log_info("reload.done");
	return -1; /* SIGHUP means nothing to a helper */
}

static int
reload(void)
{
	int result;

	service_notify_reloading();
	result = reload_conf();
	service_notify_reloaded();
	return result;
}

/* Whether another program can begin with the conf: the users, folders and
 * addresses that it names are those that there are.  0, or -1. */
static int
is_startable(void)
{
	char error[512];
	const char *setting;
	struct helpers_conf *new = load_again(error, sizeof(error), &setting);

	if (new != NULL) {
		settings_free(&new);
		return 0;
	}
	if (setting != NULL)
		log_error(
		    "upgrade.refused", log_text("needs_restart", setting));
	else
		log_error("upgrade.refused", log_text("error", error));
	return -1;
}

/* SIGUSR2: the program that is installed by now, with the helpers' sockets.
 * No session ends of it: requests wait as at a reload. */
static void
upgrade(void)
{
	const struct helper *h = &fleet.helpers[MAILBOX];

	if (is_startable() == -1 || super_exec_try(conf_path) == -1)
		return;
	if (super_stop(children) == -1)
		return; /* it is to end, and will */
	if (heritage_give(h->seal, sizeof(h->seal)) == 0)
		super_exec_run();
	else
		log_error("upgrade.refused", log_errno(errno));
	heritage_keep();
}

/* Who starts us by himself after a crash must not do so over half a state. */
static void
refuse_half_a_restore(const char *state)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" SUPER_RESTORING, state);
	if (access(path, F_OK) == 0)
		fatal("%s: a restore has put a part of its backup in place, "
		      "and not all: let it end, or run it again: mailctl "
		      "restore --force FILE",
		    path);
}

static int
run(void)
{
	const struct super_hooks hooks = {.reload = reload,
	    .tick = tick,
	    .replace = upgrade,
	    .stopping = say_stopping,
	    .ended = note_end};
	char resolver[PATH_MAX];
	const char *place = conf_now->run;
	int result;

	if (fleet.part != FLEET_RESOLVER)
		refuse_half_a_restore(conf_now->state);
	super_block_signals();
	fleet_prepare(&fleet, conf_now);
	if (fleet.part == FLEET_RESOLVER) {
		snprintf(
		    resolver, sizeof(resolver), "%s/resolver", conf_now->run);
		place = resolver;
	}
	if (super_pid_write(place) == -1)
		log_warn("pid.not_written", log_text("run", place),
		    log_errno(errno));
	if (service_notify_open(add_helpers()) == -1)
		fatal("start: %s", strerror(errno));
	if (fleet.part != FLEET_RESOLVER)
		add_others();
	log_info("ready", log_text("run", conf_now->run));
	result = super_run_with(children, &hooks);
	fleet_remove_sockets(&fleet, conf_now);
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

static int
print_conf(const char *what)
{
	char why[512];

	if (conf_print(&settings_spec, conf_path, what, stdout, why,
		sizeof(why)) == -1)
		fatal("%s", why);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* -o, -x */
static void
take_part(int option, const char *name)
{
	if (strcmp(name, "resolver") != 0)
		fatal("-%c %s: the resolver alone can be a service of its own",
		    option, name);
	fleet.part = option == 'o' ? FLEET_RESOLVER : FLEET_REST;
}

int
main(int argc, char **argv)
{
	int option, check = 0, result;
	const char *what = NULL;

	super_exec_begin(argv);
	log_rename("helpers");
	while ((option = getopt(argc, argv, "c:d:no:x:Vh")) != -1)
		switch (option) {
		case 'c':
			conf_path = optarg;
			break;
		case 'd':
			what = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'o':
		case 'x':
			take_part(option, optarg);
			break;
		case 'V':
			puts("helpers (ringmail) " VERSION);
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
	if (what != NULL)
		return print_conf(what);
	conf_now = load(conf_path);
	if (check) {
		settings_free(&conf_now);
		printf("%s: good\n", conf_path);
		return 0;
	}
	log_open("helpers", (enum log_target)conf_now->log);
	set_log(conf_now);
	result = run();
	settings_free(&conf_now);
	return result;
}
