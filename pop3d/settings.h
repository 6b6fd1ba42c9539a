/*
 * settings -- pop3d.conf as one table and the struct that it fills.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "service.h"

#include <stdint.h>

/* From where a password may come in clear text. */
enum settings_plaintext {
	PLAINTEXT_NEVER,
	PLAINTEXT_LOOPBACK, /* from this machine alone */
	PLAINTEXT_ALWAYS
};

struct settings {
	struct service_settings service; /* must stand first */
	char *hostname;			 /* in the greeting */
	int plaintext_login;		 /* enum settings_plaintext */
	struct conf_list mechanisms;	 /* of logins: sasl.h */
	int language;			 /* enum lang: what "LANG *" means */
	struct conf_list proxy;	  /* networks of balancers: PROXY protocol */
	struct conf_list xclient; /* networks of proxies that say XCLIENT */
	int64_t address_sessions; /* of one address at a time; 0: any number */
	int64_t network_sessions; /* of a /24 or /48; likewise */
	int64_t user_sessions;	  /* of one user; likewise */
	int64_t login_delay;	  /* ns between two logins of one user */
	int last_login;		  /* notes when, and from where, a user came */
	int64_t hide_over;	  /* octets; larger letters are not shown; 0 */
	int64_t expire;		  /* ns; older letters go at login; 0: never */
	int flag_seen;		  /* ":2,S" for what was retrieved */
	struct conf_list read_only; /* "user@domain", "@domain" */
	int tells_backends;	    /* who its client is: XCLIENT */
	struct conf_list without;   /* capabilities that backends lack */
	int is_downgrading;	    /* enum: 0 as_is, 1 downgrade */
	int transfers;		    /* a log line for each letter */
	int64_t errors;		    /* wrong commands that end a session */
	int64_t logins;		    /* failed ones that end a session */
	int64_t idle;		    /* ns without a command: autologout */
	int64_t send;	      /* ns that the client may leave us waiting */
	int64_t helper;	      /* ns for one request to a helper */
	int64_t backend;      /* ns for a login at a backend */
	int64_t failed_login; /* ns of delay, times the failures so far */
};

extern const struct conf_spec settings_spec;

/*
 * service.prepare: fills in the hostname where the conf leaves it out, and
 * checks it.  0, or -1 with a reason in why.
 */
int settings_prepare(void *conf, char *why, size_t size);

#endif
