/*
 * doctor -- what is looked at, and what is said of it: each finding with its
 * remedy.  The checks change nothing, and each can be made alone.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "conf_dump.h"

enum doctor_level {
	DOCTOR_GOOD,
	DOCTOR_NOTE, /* as it may well be meant */
	DOCTOR_WARN, /* mail flows, but something will go wrong */
	DOCTOR_ERROR,
	DOCTOR_LEVELS
};

/* The confs are as their programs read them; text NULL: there is none, or it is
 * bad. */
#define DOCTOR_SERVICES 3
enum doctor_service { DOCTOR_SMTPD, DOCTOR_POP3D, DOCTOR_HELPERS };

struct doctor {
	const char *folder; /* of the conf files */
	const char *area;   /* that is looked at */
	struct conf_dump confs[DOCTOR_SERVICES];
	char hostname[256]; /* as smtpd greets */
	unsigned counts[DOCTOR_LEVELS];
};

/* Says one finding, of the area; remedy NULL: none is needed. */
void doctor_say(struct doctor *d, enum doctor_level level, const char *remedy,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A setting of a service; "" where there is no conf. */
void doctor_value(const struct doctor *d, enum doctor_service s,
    const char *setting, char *value, size_t size);

/* Likewise a number, with the units of conf.h (K, M, G, T); -1: none. */
long long doctor_number(
    const struct doctor *d, enum doctor_service s, const char *setting);

/* The pid of the service's parent, 0 where it does not run or has no conf. */
long doctor_pid(const struct doctor *d, enum doctor_service s);

/* Whether each service has a conf, which is good: says what is not (good 1:
 * says, too, what is). */
void doctor_confs(struct doctor *d, int good);

/* The checks. */
void doctor_conf(struct doctor *d);
void doctor_dns(struct doctor *d);
void doctor_ports(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_tls(struct doctor *d);
void doctor_files(struct doctor *d);
void doctor_limits(struct doctor *d);

#endif
