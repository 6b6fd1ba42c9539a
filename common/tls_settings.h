/*
 * tls_settings -- what a service's conf says of TLS: the block tls of
 * smtpd.conf(5) and pop3d.conf(5), as members and rows of a program's table.
 */
#ifndef TLS_SETTINGS_H
#define TLS_SETTINGS_H

#include "conf.h"

#include <stddef.h>
#include <stdint.h>

/* Files named in one conf at most. */
#define TLS_CERTIFICATES_MAX 1024

enum tls_version { TLS_1_2, TLS_1_3 };
enum tls_clients { TLS_CLIENTS_OFF, TLS_CLIENTS_OPTIONAL };

struct tls_settings {
	/* Files, each a chain in PEM; none: no TLS.  The first is for clients
	 * that name no host, or one that no certificate is for. */
	struct conf_list certificates;
	int minimum;	    /* enum tls_version */
	char *ciphers;	    /* of TLS 1.2, as OpenSSL writes them */
	char *ciphersuites; /* of TLS 1.3 */
	char *groups;	    /* of the key exchange */
	int clients;	    /* enum tls_clients: whether they may show one */
	char *client_ca;    /* a file in PEM: who vouches for clients */
	/* A file in PEM: who vouches for other servers; NULL or "": nobody.
	 * Not in TLS_ROWS: a row of the program that speaks to them. */
	char *trust;
	int tickets;	    /* sessions may be taken up again */
	int64_t ticket_key; /* ns that one key makes tickets */
	int64_t handshake;  /* ns that one may take */
};

/* Whether trust names a file. */
int tls_settings_has_trust(const struct tls_settings *settings);

extern const char *const tls_versions[]; /* as enum tls_version */
extern const char *const tls_clients[];	 /* as enum tls_clients */

/* Checks of rows: 0, or -1 with a reason in why[size]. */
int tls_check_path(const char *value, char *why, size_t size);
int tls_check_path_or_none(const char *value, char *why, size_t size);
/* OpenSSL's lists; an unknown name among ciphers is passed over, as it does. */
int tls_check_ciphers(const char *value, char *why, size_t size);
int tls_check_ciphersuites(const char *value, char *why, size_t size);
int tls_check_groups(const char *value, char *why, size_t size);

/* AEAD with a fresh key exchange alone; AES-128 first, which is the cheapest
 * where the processor has AES, and none is known to be weak. */
#define TLS_CIPHERS                                                  \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define TLS_CIPHERSUITES                                 \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
	"TLS_CHACHA20_POLY1305_SHA256"
#define TLS_GROUPS "X25519:P-256:P-384"

/*
 * The rows, for a table that has a macro ROW(block, name, KIND, member,
 * fallback, ...) and whose struct begins with a service_settings `service`.
 */
#define TLS_ROWS                                                             \
	ROW("tls", "certificates", LIST, service.tls.certificates, "",       \
	    .check = tls_check_path),                                        \
	    ROW("tls", "minimum", CHOICE, service.tls.minimum, "1.2",        \
		.choices = tls_versions),                                    \
	    ROW("tls", "ciphers", TEXT, service.tls.ciphers, TLS_CIPHERS,    \
		.check = tls_check_ciphers),                                 \
	    ROW("tls", "ciphersuites", TEXT, service.tls.ciphersuites,       \
		TLS_CIPHERSUITES, .check = tls_check_ciphersuites),          \
	    ROW("tls", "groups", TEXT, service.tls.groups, TLS_GROUPS,       \
		.check = tls_check_groups),                                  \
	    ROW("tls", "clients", CHOICE, service.tls.clients, "off",        \
		.choices = tls_clients),                                     \
	    ROW("tls", "client_ca", TEXT, service.tls.client_ca, "",         \
		.check = tls_check_path_or_none),                            \
	    ROW("tls", "tickets", BOOL, service.tls.tickets, "yes"),         \
	    ROW("tls", "ticket_key", DURATION, service.tls.ticket_key, "6h", \
		.minimum = "1s", .maximum = "3d"),                           \
	    ROW("timeouts", "handshake", DURATION, service.tls.handshake,    \
		"30s", .minimum = "100ms", .maximum = "10m")

#endif
