/*
 * settings -- smtpd.conf(5) as one table and the struct that it fills.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "service.h"

#include <stdint.h>

/* What each list of listeners is for (service_listen.h). */
enum settings_listen {
	SETTINGS_LISTEN,
	SETTINGS_LISTEN_TLS, /* submission that begins with TLS */
	SETTINGS_LISTEN_SUBMISSION,
	SETTINGS_LISTEN_LMTP
};

/* What VRFY says (RFC 5321 3.5.3, 7.3). */
enum settings_vrfy { SETTINGS_VRFY_252, SETTINGS_VRFY_OFF };

/* What happens to who talks before the greeting (RFC 5321 4.3.1). */
enum settings_early { SETTINGS_EARLY_NOTE, SETTINGS_EARLY_REFUSE };

/* Where secrets may come in clear. */
enum settings_plaintext {
	PLAINTEXT_NO,
	PLAINTEXT_LOOPBACK, /* from this machine alone */
	PLAINTEXT_YES
};

struct settings {
	struct service_settings service; /* must stand first */
	char *hostname;	      /* in the greeting and in trace fields */
	int client_names;     /* look up clients' names in DNS */
	int64_t message_size; /* octets, as RFC 1870 counts */
	int64_t recipients;   /* of one transaction */
	int64_t errors;	      /* 5xx replies since the last message accepted */
	int64_t hops;	      /* Received fields of one message */
	int64_t data_rate; /* octets a second of a message, at least; 0: any */
	int64_t unknown_recipients;	/* refused RCPTs of a session */
	int64_t messages;		/* of a session; 0: any */
	int64_t address_sessions;	/* at a time */
	int64_t network_sessions;	/* likewise, of a /24 or /48 */
	int64_t messages_minute;	/* of an address; 0: any */
	int64_t recipients_minute;	/* likewise */
	int64_t user_messages_minute;	/* of who has logged in; 0: any */
	int64_t user_recipients_minute; /* likewise */
	int strict_pipelining;		/* nothing may come behind EHLO */
	int64_t greet_pause;		/* ns before the greeting */
	int early_talkers;		/* enum settings_early */
	int vrfy;			/* enum settings_vrfy */
	struct conf_list proxy;	  /* networks of balancers: PROXY protocol */
	struct conf_list xclient; /* networks of proxies that say XCLIENT */
	int64_t session;	  /* ns that all of a session may take */
	int64_t command;	  /* ns to wait for a command */
	int64_t data_block;	  /* ns to wait for a piece of a message */
	int64_t message;	  /* ns that a whole message may take */
	int64_t commit;		  /* ns to wait for the mailbox helper */
	int64_t helper;		  /* ns for any other request to a helper */
	int64_t send; /* ns that the client may leave a reply waiting */
	struct conf_list mechanisms; /* of logins: sasl.h */
	int plaintext;		     /* enum settings_plaintext */
	int mx_logins;		     /* also where servers hand in mail */
	int64_t logins;		     /* failed ones that end a session */
};

extern const struct conf_spec settings_spec;

/*
 * service.prepare: fills in the hostname where the conf leaves it out, and
 * readies what a chroot would hide.  0, or -1 with a reason in why.
 */
int settings_prepare(void *conf, char *why, size_t size);

#endif
