#include "service.h"

#include "clock.h"
#include "conf_print.h"
#include "fiber.h"
#include "listen_given.h"
#include "log.h"
#include "meter.h"
#include "privileges.h"
#include "service_admin.h"
#include "service_client.h"
#include "service_control.h"
#include "service_files.h"
#include "service_limits.h"
#include "service_listen.h"
#include "service_listeners.h"
#include "service_notify.h"
#include "service_upgrade.h"
#include "super.h"
#include "super_exec.h"
#include "super_old.h"
#include "super_pid.h"
#include "worker.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_WRONG_USAGE 64 /* EX_USAGE of sysexits.h */
#define REASON_MAX	 512
#define CLOSED_WITHIN	 (5 * CLOCK_SECOND)
/* How often the client process can have certificates read. */
#define REREAD_EVERY (2 * CLOCK_SECOND)
/* Each has a partner for handshakes (tls_offload.h). */
#define WORKERS_MOST (WORKER_MAX / 2)

const char *const service_accepts[] = {"reuseport", "balance", NULL};

/* The process's one service: in the parent, and what its child inherits. */
static struct {
	const struct service *service;
	const char *path;
	void *conf;
	struct tls_files files;
	struct service_listeners listeners;
	struct service_start start;
	int control;
	int64_t closing_until; /* the client process may have old listeners */
	struct super_child children[2];
} own;

static const struct service_settings *
settings_now(void)
{
	return own.conf;
}

static unsigned
count_workers(int64_t wanted)
{
	cpu_set_t set;

	if (wanted > 0)
		return wanted < WORKERS_MOST ? (unsigned)wanted : WORKERS_MOST;
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	return CPU_COUNT(&set) < WORKERS_MOST ? (unsigned)CPU_COUNT(&set)
					      : WORKERS_MOST;
}

/* What holds from now on, in the parent and in processes that it starts. */
static void
apply_settings(void)
{
	const struct service_settings *settings = settings_now();

	log_set_level((enum log_level)settings->log_level);
	log_set_format((enum log_format)settings->log_format);
	log_set_rate(settings->log_rate);
	fiber_set_stack_size((size_t)settings->stack_size);
	service_limits_raise_files(0, settings->sessions);
	service_limits_check_mappings(settings->sessions);
	own.start.conf = own.conf;
	own.start.files = own.files;
}

static int
no_twins(const struct service_settings *s, char *why, size_t size)
{
	const char *address;

	for (size_t i = 1; i < service_listen_count(s); i++)
		for (size_t k = 0; k < i; k++) {
			address = service_listen_address(s, i);
			if (strcmp(address, service_listen_address(s, k)) != 0)
				continue;
			snprintf(why, size, "listen has %s twice", address);
			return -1;
		}
	return 0;
}

/* What no single row says. */
static int
check_conf(void *conf, char *why, size_t size)
{
	const struct service *s = own.service;
	const struct service_settings *settings = conf;

	if (no_twins(settings, why, size) == -1)
		return -1;
	return s->prepare == NULL ? 0 : s->prepare(conf, why, size);
}

/* NULL with a reason in why. */
static void *
load_conf(struct tls_files *files, char *why, size_t size)
{
	const struct conf_spec *spec = own.service->conf;
	void *conf = conf_load(spec, own.path, why, size);
	char reason[REASON_MAX / 2];

	if (conf != NULL && (check_conf(conf, reason, sizeof(reason)) == -1 ||
				service_files_load(conf, files, reason,
				    sizeof(reason)) == -1)) {
		snprintf(why, size, "%s: %s", own.path, reason);
		conf_free(spec, &conf);
	}
	return conf;
}

static void
refuse_reload(const char *why)
{
	log_error(
	    "reload.refused", log_text("error", why), log_text("kept", "old"));
}

static void
name_restart(int is_changed, const char *setting)
{
	if (is_changed)
		log_warn("reload.needs_restart", log_text("setting", setting));
}

static void
name_restarts(
    const struct service_settings *old, const struct service_settings *new)
{
	name_restart(strcmp(old->run, new->run) != 0, "run");
	name_restart(strcmp(old->user, new->user) != 0, "user");
	name_restart(old->workers != new->workers, "workers");
	name_restart(old->accept != new->accept, "accept");
	name_restart(old->log != new->log, "log target");
}

/* Where it is not taken, the process that runs goes on with what it has. */
static void
tell_client(struct service_listeners *listeners)
{
	pid_t pid = own.children[0].pid;

	if (pid <= 0) { /* the next one inherits all */
		service_listeners_known(listeners);
		return;
	}
	service_limits_raise_files(pid, settings_now()->sessions);
	if (service_control_send(own.control, own.start.generation,
		own.service->conf, own.conf, &own.files, listeners) == -1)
		log_error("reload.not_sent", log_errno(errno));
}

/*
 * The client process closes what has gone when its workers come to it, and an
 * address that comes back soon is taken until then.
 */
static int
open_listeners(struct service_listeners *l, const struct service_settings *s,
    char *why, size_t size)
{
	const struct timespec nap = {.tv_nsec = 10 * CLOCK_MILLISECOND};

	while (service_listeners_open(
		   l, s, own.listeners.each, &own.listeners, why, size) == -1) {
		if (clock_now() >= own.closing_until)
			return -1;
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* 0, or -1 where the old one stays. */
static int
reload_conf(void)
{
	struct service_listeners listeners;
	struct tls_files files;
	const struct service_settings *settings;
	char why[REASON_MAX];
	void *conf, *old;

	if ((conf = load_conf(&files, why, sizeof(why))) == NULL) {
		refuse_reload(why);
		return -1;
	}
	settings = conf;
	if (open_listeners(&listeners, settings, why, sizeof(why)) == -1) {
		refuse_reload(why);
		tls_files_free(&files);
		conf_free(own.service->conf, &conf);
		return -1;
	}
	old = own.conf;
	own.conf = conf;
	tls_files_free(&own.files);
	own.files = files;
	own.start.generation++;
	name_restarts(old, settings);
	conf_free(own.service->conf, &old);
	apply_settings();
	tell_client(&listeners);
	if (service_listeners_replace(&own.listeners, &listeners) > 0)
		own.closing_until = clock_after(CLOSED_WITHIN);
	log_info("reload.done", log_int("generation", own.start.generation));
	return 0;
}

/* As super_hooks.reload: no signal is needed, tell_client has told it all. */
static int
reload(void)
{
	service_notify_reloading();
	reload_conf();
	service_notify_reloaded();
	return -1;
}

/*
 * The client process shows a certificate whose key is no more: the keys helper
 * was started anew since its file was replaced.  So what replaced it is read,
 * and the conf stays as it is.
 */
static void
reread_files(void)
{
	struct tls_files files;
	char why[REASON_MAX];

	if (service_files_load(settings_now(), &files, why, sizeof(why)) ==
	    -1) {
		log_warn("certificate.unreadable", log_text("error", why));
		return;
	}
	if (tls_files_are_same(&files, &own.files)) {
		tls_files_free(&files);
		return;
	}
	tls_files_free(&own.files);
	own.files = own.start.files = files;
	own.start.generation++;
	tell_client(&own.listeners);
	log_info(
	    "certificate.reread", log_int("generation", own.start.generation));
}

/* Whether the client process has asked for that; not too often. */
static int64_t
reread_if_asked(void)
{
	static int64_t next;
	static int is_due;

	is_due |= service_control_is_asked(own.control);
	if (!is_due || clock_now() < next)
		return is_due ? next : CLOCK_NEVER;
	is_due = 0;
	next = clock_after(REREAD_EVERY);
	reread_files();
	return CLOCK_NEVER;
}

/* One that the conf has by now, which a reload does not need. */
static int
has_user(void)
{
	struct privileges_place p;

	if (privileges_user(settings_now()->user, &p.uid, &p.gid) == 0)
		return 0;
	log_error("upgrade.refused", log_text("user", settings_now()->user),
	    log_errno(errno));
	return -1;
}

/* A conf that can't be used would be the end of the program that comes. */
static void
upgrade(void)
{
	const struct service_upgrade u = {.conf = own.path,
	    .listeners = &own.listeners,
	    .workers = own.start.workers,
	    .is_balanced = own.start.is_balanced,
	    .client = own.children[0].pid};

	service_notify_reloading();
	if (reload_conf() == 0 && has_user() == 0)
		service_upgrade_run(&u);
	service_notify_reloaded();
}

static int64_t
tick(void)
{
	const struct super_child *client = &own.children[0];
	int64_t a = service_notify_tick(client->pid > 0 ? client->started : 0);
	int64_t b = service_upgrade_tick(service_notify_is_ready());
	int64_t c = reread_if_asked();

	return a < b && a < c ? a : b < c ? b : c;
}

static void
say_stopping(void)
{
	service_notify("STOPPING=1");
}

/* Connections to these wait for ever, unless a reload names them. */
static void
name_unused(void)
{
	const char *name;

	for (size_t i = 0; (name = listen_given_unused(&i)) != NULL;)
		log_warn("listener.unused", log_text("name", name));
}

static void
bind_all(void)
{
	const struct service_settings *settings = settings_now();
	const struct service_listeners none = {0};
	unsigned each = own.start.is_balanced ? 1 : own.start.workers;
	char why[REASON_MAX];

	if (listen_given_take(why, sizeof(why)) == -1)
		fatal("listen: %s", why);
	if (service_listeners_open(
		&own.listeners, settings, each, &none, why, sizeof(why)) == -1)
		fatal("listen: %s", why);
	service_listeners_known(&own.listeners);
	listen_given_close_own();
	name_unused();
}

/* What stays as it is for as long as the service runs. */
static void
fix_start(void)
{
	const struct service_settings *settings = settings_now();
	struct service_start *start = &own.start;
	char why[REASON_MAX];
	int ends[2], got;

	start->service = own.service;
	got = service_upgrade_take(
	    &start->workers, &start->is_balanced, why, sizeof(why));
	if (got == -1)
		fatal("upgrade: %s", why);
	if (got == 0) {
		start->workers = count_workers(settings->workers);
		start->is_balanced = settings->accept == SERVICE_BALANCE;
	}
	start->listeners = &own.listeners;
	if ((start->place.run = strdup(settings->run)) == NULL)
		fatal("no memory");
	if (privileges_user(
		settings->user, &start->place.uid, &start->place.gid) == -1)
		fatal("user '%s': %s", settings->user,
		    errno == ENOENT ? "no such user" : strerror(errno));
	if (service_control_open(ends) == -1 ||
	    service_notify_open(2 * start->workers) == -1)
		fatal("start: %s", strerror(errno));
	own.control = ends[0];
	start->control = ends[1];
	if (meter_share(2 * start->workers) == -1)
		log_warn("meter.not_shared", log_errno(errno));
	start->admin = -1;
}

/* An old client process has ended. */
static void
forget_old(pid_t pid)
{
	service_admin_forget(own.start.place.run, pid);
}

static int
run_parent(void)
{
	static const struct super_hooks hooks = {.reload = reload,
	    .tick = tick,
	    .replace = upgrade,
	    .stopping = say_stopping};
	const struct service_settings *settings = settings_now();
	int code;

	fix_start();
	log_open(own.service->name, (enum log_target)settings->log);
	super_block_signals();
	if (super_pid_write(settings->run) == -1)
		log_warn("pid.not_written", log_text("run", settings->run),
		    log_errno(errno));
	apply_settings();
	bind_all();
	own.start.admin =
	    service_admin_listen(own.start.place.run, service_upgrade_client());
	super_old_watch(forget_old);
	own.children[0] = (struct super_child){.name = own.service->name,
	    .run = service_client_run,
	    .arg = &own.start};
	code = super_run_with(own.children, &hooks);
	service_listeners_close(&own.listeners);
	close(own.control);
	close(own.start.control);
	if (own.start.admin != -1) {
		close(own.start.admin);
		service_admin_remove(own.start.place.run);
	}
	return code;
}

static int
usage(const struct service *s, FILE *to, int code)
{
	fprintf(to,
	    "usage: %s [-c file] [-n | -d what]\n"
	    "       %s -V | -h\n"
	    "  -c file  the conf (%s)\n"
	    "  -n       checks the conf and ends\n"
	    "  -d what  prints the conf and ends: diff, all, json, or a name\n"
	    "  -V       prints the version\n",
	    s->name, s->name, s->conf_path);
	return code;
}

static int
print_conf(const struct conf_spec *spec, const char *what)
{
	char why[REASON_MAX];

	if (conf_print(spec, own.path, what, stdout, why, sizeof(why)) == -1)
		fatal("%s", why);
	return fflush(stdout) == 0 ? 0 : 1;
}

int
service_main(const struct service *s, int argc, char **argv)
{
	int option, is_check = 0, code = 0;
	const char *what = NULL;
	char why[REASON_MAX];

	super_exec_begin(argv);
	log_rename(s->name);
	own.service = s;
	own.path = s->conf_path;
	while ((option = getopt(argc, argv, "c:d:nVh")) != -1) {
		if (option == 'c')
			own.path = optarg;
		else if (option == 'd')
			what = optarg;
		else if (option == 'n')
			is_check = 1;
		else if (option == 'V')
			return printf("%s (ringmail) %s\n", s->name, VERSION) <
			       0;
		else
			return usage(s, option == 'h' ? stdout : stderr,
			    option == 'h' ? 0 : EXIT_WRONG_USAGE);
	}
	if (optind < argc)
		return usage(s, stderr, EXIT_WRONG_USAGE);
	if (what != NULL)
		return print_conf(s->conf, what);
	if ((own.conf = load_conf(&own.files, why, sizeof(why))) == NULL)
		fatal("%s", why);
	if (is_check)
		printf("%s: good\n", own.path);
	else
		code = run_parent();
	conf_free(s->conf, &own.conf);
	tls_files_free(&own.files);
	return code;
}
