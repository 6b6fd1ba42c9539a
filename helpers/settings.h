/*
 * settings -- the conf of the helpers (helpers.conf(5)) as a struct.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "conf.h"

#include <stddef.h>
#include <stdint.h>

/* Where a login may hand over its secret without TLS. */
enum settings_plaintext { PLAINTEXT_NO, PLAINTEXT_LOOPBACK, PLAINTEXT_YES };

/* How letters are stored. */
enum settings_line_ends { LINE_ENDS_LF, LINE_ENDS_CRLF };

struct helpers_conf {
	char *run;	/* folder of the sockets */
	char *state;	/* folder of the accounts database and mailbox's log */
	int log;	/* enum log_target */
	int log_level;	/* enum log_level */
	int log_format; /* enum log_format */
	int64_t log_rate; /* lines of an event a second; 0: any */

	/* users: names of system users, one a process */
	char *resolver_user;
	char *accounts_user;
	char *mailbox_user;
	char *keys_user;
	char *hasher_user;
	char *introspect_user; /* the program for tokens runs as it */
	char *metrics_user;
	char *smtpd_user; /* may reach RUN/smtpd */
	char *pop3d_user; /* may reach RUN/pop3d */

	/* resolver */
	struct conf_list resolver_servers; /* empty: /etc/resolv.conf */
	int resolver_dnssec;		   /* validate with the root's key */
	char *resolver_anchor;		   /* file of the root's key */
	int64_t resolver_cache;		   /* octets of its cache */

	/* backends */
	struct conf_list backends; /* host:port: may hold mailboxes */

	/* metrics */
	struct conf_list metrics; /* addresses to show them at; none: off */
	char *metrics_group;	  /* may connect to UNIX sockets of them */

	/* keys */
	char *keys_folder; /* of private keys; root's alone */
	int64_t keys_keep; /* ns that one signs whose file has gone */

	/* accounts */
	char *default_domain; /* for a login without "@"; "" for none */
	char *plus_separator; /* user+anything; "" turns it off */
	char *postmaster;     /* where mail for postmaster goes that has no user
				 or alias of its own; "" for nowhere */
	struct conf_list case_sensitive; /* domains, or "*": local parts keep
					    their case */
	char *lists;		     /* folder of aliases' lists; "": none */
	int64_t login_cache;	     /* ns; 0 turns it off */
	int64_t hash_processes;	     /* that compute password hashes */
	int64_t login_queue;	     /* logins that may wait for one of them */
	struct conf_list mechanisms; /* that are on */
	int plaintext_login;	     /* enum settings_plaintext */
	int64_t exchanges;	     /* of SASL, under way at most */
	int hash;		     /* enum hash_kind: of new hashes */
	int64_t hash_cost;	     /* of new hashes */
	int64_t scram_iterations;    /* of new SCRAM keys */
	int store_secrets;    /* passwords in clear, for APOP and CRAM-MD5 */
	int64_t failed_login; /* ns that a first failure waits */
	int64_t failed_login_most;   /* ns that any failure waits */
	int send_as;		     /* enum sender_rule */
	int64_t accounts_cache;	     /* octets of the database's cache */
	int64_t accounts_checkpoint; /* ns between checkpoints */

	/* tokens, of OAUTHBEARER and XOAUTH2 */
	char *token_keys;	 /* file of the key set; "": no tokens */
	char *token_program;	 /* says whose a token is; "": none */
	int64_t token_processes; /* that run it */
	char *token_issuer;
	char *token_audience; /* "": any */
	char *token_scope;    /* "": any */
	char *token_name;     /* the claim that has the user's name */

	/* pam */
	char *pam_service;     /* "": no PAM */
	int64_t pam_processes; /* that ask PAM */

	/* mail */
	char *mail_root;	/* Maildirs lie below it */
	char *mail_layout;	/* %d domain, %u local part, below mail_root */
	char *mail_user;	/* system user that owns virtual mailboxes */
	int64_t lowest_uid;	/* no owner has a uid or gid below this one */
	struct conf_list homes; /* system users' Maildirs lie below these */
	int line_ends;		/* enum settings_line_ends */
	int64_t default_quota;	/* octets of a mailbox; 0: none */
	int64_t quota_messages; /* messages of a mailbox; 0: none */
	char *trash;		/* Maildir++ folder of deleted letters; "" */
	int64_t trash_time;	/* ns that they stay there */
	int exclusive;		/* one POP3 session a mailbox */
	int64_t mail_helpers;	/* mailbox processes */

	/* journal */
	int64_t journal_size;	     /* octets, written once at first start */
	int64_t checkpoint_interval; /* ns */
	int64_t batch;		     /* messages of one commit at most */
};

extern const struct conf_spec settings_spec;

/* Reads the file at path (NULL: all defaults); as conf_load. */
struct helpers_conf *settings_load(const char *path, char *error, size_t size);

/* Frees it and sets *conf to NULL. */
void settings_free(struct helpers_conf **conf);

#endif
