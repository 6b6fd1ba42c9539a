/*
 * service -- the whole of a network service but its protocol: a parent that
 * binds, and a client process without rights that accepts and serves.
 *
 *	parent (root)      reads the conf, binds, starts the client process and
 *	                   starts it again; never reads what a client sent
 *	client process     own user, chroot; one worker a core, each with its
 *	                   own listeners; one fiber a connection
 *
 * A program is one literal and one call:
 *
 *	int
 *	main(int argc, char **argv)
 *	{
 *		return service_main(&pop3d, argc, argv);
 *	}
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "conf.h"
#include "listen.h"
#include "service_crowd.h"
#include "tls_settings.h"

#include <stdint.h>

struct privileges;
struct tls_client;
struct tls_conf;

/* Further lists of addresses that a program may have. */
#define SERVICE_MORE 2

/*
 * What every service's conf has.  It stands first in the program's own struct,
 * whose table names the members with defaults of its own; service_accepts, and
 * the lists of log.h, are the choices of some of them.
 *
 * On SIGHUP the parent reads the conf anew and hands it to the running client
 * process, with listeners that are new; a bad one is logged, and the old one
 * stays.  A session keeps the conf that it began with.  It takes the
 * files of TLS with it: certificates are changed that way.  run, user, workers,
 * accept and log need a restart, which a log line says.
 *
 * On SIGUSR2 the parent, after a good reload, becomes the program that is
 * installed by now (service_upgrade.h).
 */
struct service_settings {
	struct conf_list listen;     /* check it with listen_check */
	struct conf_list listen_tls; /* likewise: they begin with a handshake */
	/* Likewise: further ones, whose meaning is the program's. */
	struct conf_list listen_more[SERVICE_MORE];
	char *unix_mode;	 /* of UNIX sockets: listen_path.h */
	char *unix_group;	 /* "": the parent's */
	char *run;		 /* the folder of the helpers' sockets */
	char *user;		 /* of the client process */
	int64_t workers;	 /* 0: one for each core */
	int accept;		 /* enum service_accept */
	int64_t stack_size;	 /* octets of a fiber's stack */
	int64_t sessions;	 /* at most, over all workers; 1 or more */
	int log;		 /* enum log_target */
	int log_level;		 /* enum log_level */
	int log_format;		 /* enum log_format */
	int64_t log_rate;	 /* lines of an event a second; 0: any */
	int64_t drain;		 /* ns for sessions whose process is replaced */
	struct tls_settings tls; /* TLS_ROWS */
};
extern const char *const service_accepts[]; /* as enum service_accept */

/* How the workers share what comes in. */
enum service_accept {
	SERVICE_REUSEPORT, /* each has listeners; the kernel chooses */
	SERVICE_BALANCE	   /* worker 0 accepts for the least busy one */
};

/* A connection, for the time of its session. */
struct service_client {
	/* Non-blocking; the session's, which must close it, and not wait any
	 * more from then on. */
	int fd;
	unsigned listener; /* which one it came by (service_listen.h) */
	uint64_t id;	   /* random; in all its log lines */
	int64_t accepted;  /* when, monotonic ns */
	union listen_address peer;
	int is_local;		       /* the peer is on loopback */
	char address[LISTEN_TEXT_MAX]; /* the peer's, for logs */
	/* For conn_start_tls, as long as the session; NULL: the conf names no
	 * certificate, so that TLS is not to be offered. */
	struct tls_conf *tls;
	/* For conn_be_tls, likewise; NULL: the conf trusts no authority. */
	struct tls_client *others;
	int is_tls; /* the listener is one for implicit TLS (RFC 8314 3): it
		       begins with the handshake */
	const char *busy; /* the service's: what who is turned away hears */
	/* The program's own, for service.view; NULL where there is none yet, or
	 * no more. */
	const void *session;
	struct service_standing standing; /* tell it by service_heard */
};

/* What a session is doing: texts are borrowed, and may be NULL. */
struct service_view {
	const char *address; /* of the client, where a proxy has told */
	const char *user;    /* who has logged in */
	const char *command; /* the last one */
	uint64_t in, out;    /* octets of text */
	int is_tls;
};

struct service {
	const char *name;      /* "pop3d" */
	const char *conf_path; /* where -c does not say otherwise */
	const struct conf_spec *conf;
	const struct privileges *privileges; /* of the client process */
	/*
	 * In the parent, once the conf was read: checks what a single row of
	 * the table can't, and fills in what depends on the machine, in members
	 * that the table names: those alone are handed over.  0, or -1 with a
	 * reason in why.  May be NULL.
	 */
	int (*prepare)(void *conf, char *why, size_t size);
	/*
	 * On each worker before its first accept: opens its devices, whatever
	 * of the conf may change later; conf is borrowed for the call.  0, or
	 * -1 after a log line: then the process ends.
	 */
	int (*open)(const void *conf);
	/* On each worker after the last session and before its end. */
	void (*close)(void);
	/* Likewise, on each worker that shakes hands (tls_offload.h): 0, or -1
	 * with errno.  NULL where there is no TLS. */
	int (*open_keys)(void);
	void (*close_keys)(void);
	/* Which of count keys (tls_sign.h) there are, as service_renew_ask; on
	 * worker 0, between open and close.  NULL where there is no TLS. */
	int (*have_keys)(const unsigned char *names, size_t count,
	    unsigned char *has, int64_t deadline);
	/* One connection, in a fiber of its own, until it has closed c->fd.
	 * c and conf are borrowed until it returns. */
	void (*session)(struct service_client *c, const void *conf);
	/* Fills *v in from service_client.session, on its worker; does not
	 * wait.  May be NULL. */
	void (*view)(const void *session, struct service_view *v);
	/* Sent before the hang-up where all sessions are taken; with CRLF. */
	const char *busy;
};

/*
 * The program: options -c FILE, -n (checks the conf), -V, -h; conf, log,
 * listeners, supervision.  Returns the exit code: 0 after SIGTERM or a good
 * -n, 1 on failure, 64 on wrong usage.
 */
int service_main(const struct service *s, int argc, char **argv);

/* What the session is doing; *v is empty at first.  On its worker. */
void service_view_of(const struct service_client *c, struct service_view *v);

/* This process's sessions, over all workers, but those that were turned away.
 */
unsigned service_sessions(void);

#endif
